import { describe, expect, test } from 'vitest'
import { formatCursor } from '#shared/core/cursor.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import { addEvent, makeLog, trimmed } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { findUnread } from './find-unread.ts'

const TIMES = [1000, 2000, 3000, 3000, 5000]
const iso = (time: number) => new Date(time).toISOString()
const sample = async () => {
  const { store } = await makeLog(TIMES.map((timestamp) => ({ topic: 't', partition: 0, timestamp })))
  return { store, epoch: (await store.topic('t')).epoch }
}
const remainders = async (since: string, store: EventStore, topics = ['t']) =>
  (await findUnread(since, topics, store)).remainders.map(({ topic, partition, after, head }) => [
    topic,
    partition,
    after,
    head.offset,
  ])

describe('unread from', () => {
  test('`latest` finds nothing to read and returns the heads', async () => {
    const { store, epoch } = await sample()
    const { heads, remainders: rest, lost } = await findUnread('latest', ['t'], store)

    expect(formatCursor(heads)).toBe(`t@${epoch}:0=4`)
    expect([rest, lost]).toEqual([[], null])
  })

  test('`earliest` finds everything, in every partition and topic', async () => {
    const { store } = await makeLog([0, 0, 3].map((partition) => ({ topic: 't', partition })))
    await addEvent(store, makeStored({ topic: 'u', offset: 7 }, makeEvent('u')))

    expect(await remainders('earliest', store, ['t', 'u', 'empty'])).toEqual([
      ['t', 0, -1, 1],
      ['t', 3, -1, 0],
      ['u', 0, -1, 7],
    ])
  })

  test.each([
    [0, -1],
    [1000, -1],
    [1001, 0],
    [2500, 1],
    [3000, 1],
    [3001, 3],
    [5000, 3],
  ])('the time %i finds events that are not older', async (time, after) => {
    const { store } = await sample()
    expect(await remainders(iso(time), store)).toEqual([['t', 0, after, 4]])
  })

  test('a time after the last record finds nothing', async () => {
    const { store } = await sample()
    expect(await remainders(iso(5001), store)).toEqual([])
  })

  test('a time finds its offset between missing offsets and after a trimmed start', async () => {
    const { store } = await makeLog([])
    for (const [offset, timestamp] of [
      [3, 1000],
      [50, 2000],
      [51, 3000],
      [99, 4000],
    ] as const)
      await addEvent(store, makeStored({ topic: 't', offset, timestamp }, makeEvent(`${offset}`)))

    const [[, , after = -1] = []] = (await remainders(iso(2500), store)) as number[][]
    const read = await store.read(
      { topic: 't', epoch: (await store.topic('t')).epoch, partition: 0 },
      { after, upTo: 99, limit: 1 },
    )
    expect(read[0]?.offset).toBe(51)
    const late = (await remainders(iso(1500), trimmed(store, 60))) as number[][]
    expect(late[0]?.[2]).toBeLessThan(99)
  })

  test('a leap second is a valid time', async () => {
    const { store } = await sample()
    expect(await remainders('1970-01-01T23:59:60Z', store)).toEqual([])
  })

  test.each([
    ['2', 2, null],
    ['4', null, null],
  ])('a cursor at offset %s finds events above it', async (offset, after, lost) => {
    const { store, epoch } = await sample()
    const unread = await findUnread(`t@${epoch}:0=${offset}`, ['t'], store)

    expect(unread.remainders.map((one) => one.after)).toEqual(after === null ? [] : [after])
    expect(unread.lost).toBe(lost)
  })

  test('a cursor without a topic or a partition finds all of it', async () => {
    const { store, epoch } = await sample()
    expect(await remainders('', store)).toEqual([['t', 0, -1, 4]])
    expect(await remainders(`t@${epoch}:`, store)).toEqual([['t', 0, -1, 4]])
    expect(await findUnread(`t@${epoch}:`, ['t'], store)).toMatchObject({ lost: null })
  })

  test.each([
    ['one above the last offset', (epoch: string) => `t@${epoch}:0=5`],
    ['far above it', (epoch: string) => `t@${epoch}:0=9007199254740991`],
    ['above what a number holds exactly', (epoch: string) => `t@${epoch}:0=9999999999999999`],
    ['at a partition that is not there', (epoch: string) => `t@${epoch}:0=4,7=0`],
    ['in a topic without any event', (epoch: string) => `t@${epoch}:0=4;empty@EMPTY:0=0`],
    ['in a topic that does not exist', (epoch: string) => `t@${epoch}:0=4;gone@abc:0=12`],
    ['in a topic that does not exist, without offsets', (epoch: string) => `t@${epoch}:0=4;gone@abc:`],
  ])('a cursor ahead of the log, %s, is reported', async (_, at) => {
    const { store, epoch } = await sample()
    const { epoch: empty } = await store.topic('empty')
    const since = at(epoch).replace('EMPTY', empty)
    const { lost } = await findUnread(since, ['t', 'empty'], store, ['t', 'empty', 'other'])
    expect(lost).toBe('ahead')
  })

  test('a partition in which the cursor is ahead is read from its beginning, the others from the cursor', async () => {
    const places = [0, 0, 0, 1, 1, 1].map((partition) => ({ topic: 't', partition }))
    const { store } = await makeLog(places)
    const { epoch } = await store.topic('t')
    const since = `t@${epoch}:0=7,1=1,2=3`
    const { lost, ahead } = await findUnread(since, ['t'], store)

    expect(await remainders(since, store)).toEqual([
      ['t', 0, -1, 2],
      ['t', 1, 1, 2],
    ])
    expect([lost, formatCursor(ahead)]).toEqual(['ahead', `t@${epoch}:0=2,1=2`])
  })

  test('what has expired of a partition in which the cursor is ahead is passed over', async () => {
    const { store, epoch } = await sample()
    const { lost, remainders: rest } = await findUnread(`t@${epoch}:0=9`, ['t'], trimmed(store, 2))
    expect([lost, rest.map(({ after }) => after)]).toEqual(['ahead', [2]])
  })

  test('a topic that is not requested is none that the cursor is ahead of', async () => {
    const { store, epoch } = await sample()
    const since = `t@${epoch}:0=4;other@abc:0=12`
    expect((await findUnread(since, ['t'], store, ['t', 'other'])).lost).toBeNull()
  })

  test('a cursor of another epoch finds everything, and reports it', async () => {
    const { store } = await sample()
    const unread = await findUnread('t@older:0=4', ['t'], store)

    expect(unread.remainders.map(({ after }) => after)).toEqual([-1])
    expect(unread.lost).toBe('epoch')
  })

  test('a cursor of another epoch of a topic that is not requested reports nothing', async () => {
    const { store, epoch } = await sample()
    expect(await findUnread(`t@${epoch}:0=4;u@older:0=4`, ['t'], store)).toMatchObject({ lost: null })
  })

  test.each([
    [0, 0, null],
    [1, 1, null],
    [3, 3, null],
    [4, 3, null],
    [0, 1, 'trimmed'],
    [2, 3, 'trimmed'],
  ])('a cursor at offset %i of a log that has expired up to %i: %s', async (offset, upTo, lost) => {
    const { store, epoch } = await sample()
    expect(await findUnread(`t@${epoch}:0=${offset}`, ['t'], trimmed(store, upTo))).toMatchObject({ lost })
  })

  test('the start of a log whose first events have expired is reported if it was a cursor', async () => {
    const { store, epoch } = await sample()
    expect(await findUnread(`t@${epoch}:`, ['t'], trimmed(store, 0))).toMatchObject({ lost: 'trimmed' })
    expect(await findUnread('earliest', ['t'], trimmed(store, 0))).toMatchObject({ lost: null })
  })

  test.each(['yesterday', '2026-01-01', 't@e', 't@e:0=x', 'Latest'])(
    '%j is refused as malformed',
    async (since) => {
      const { store } = await sample()
      const refusal = await findUnread(since, ['t'], store).catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(Refusal)
      expect(refusal).toMatchObject({ code: 'malformed' })
    },
  )
})
