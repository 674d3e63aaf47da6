import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ERASED_TYPE, ERASURE_SOURCE } from '#shared/core/erasure.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { type ArchivedRecord, fileKey, packRecords } from '#shared/pipeline/archive/archive-file.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { type FakeOptions, type FakeStack, startFakeStack } from '../testing/fake-stacks.ts'
import { runInProcess } from '../testing/run-in-process.ts'

const DAY = Date.parse('2026-05-01T00:00:00Z')

let stack: FakeStack
let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-archive-'))
  stack = await startFakeStack()
})
afterEach(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true })
})

async function use(options: FakeOptions): Promise<void> {
  await stack.stop()
  stack = await startFakeStack(options)
}

const eventOf = (id: string, given: Partial<CloudEvent> = {}) =>
  makeEvent(id, {
    type: 'tests.made',
    category: 'tests.a',
    time: '2026-04-30T23:00:00Z',
    data: { id },
    ...given,
  })
const line = (
  offset: number,
  event: CloudEvent = eventOf(`e${offset}`),
  topic = 'events',
  partition = 0,
) => ({
  topic,
  partition,
  offset,
  timestamp: DAY + offset,
  event,
})

/** Writes a file of the archive with the records of a partition. */
function save(records: readonly ArchivedRecord[], made?: number): void {
  const [first, last] = [records[0], records.at(-1)]
  if (first === undefined || last === undefined) return
  const range = { topic: first.topic, partition: first.partition, first: first.offset, last: last.offset }
  const path = join(folder, fileKey(range, made))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, packRecords(records))
}

const replay = (...args: readonly string[]) =>
  runInProcess(['archive', 'replay', folder, ...args, '--url', stack.url])
const sent = () => stack.accepted.map(({ id }) => id)

describe('a replay', () => {
  it('publishes the events as they were, in the order of each partition', async () => {
    save([line(0), line(1, eventOf('e1', { partitionkey: 'k', subject: 's' }))])
    save([line(2), line(3)])
    save([line(7, eventOf('other'), 'port-events', 1)])

    const ran = await replay('--yes')

    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^TOPIC +EVENTS\nevents +4\nport-events +1\npublished 5 of 5 records/)
    expect(sent().filter((id) => id !== 'other')).toEqual(['e0', 'e1', 'e2', 'e3'])
    expect(stack.accepted.find(({ id }) => id === 'e1')).toEqual(
      eventOf('e1', { partitionkey: 'k', subject: 's' }),
    )
  })

  it('publishes what overlapping files have once, and both of what a topic had at an offset', async () => {
    save([line(0), line(1), line(2)])
    save([line(1), line(2), line(3)])
    save([{ ...line(1, eventOf('new')), timestamp: DAY + 1000 }], DAY + 1000)

    expect((await replay('--yes')).code).toBe(0)

    expect([...sent()].sort()).toEqual(['e0', 'e1', 'e2', 'e3', 'new'])
    expect(stack.requests.flatMap(({ events }) => events)).toHaveLength(5)
  })

  it('counts with --dry-run and sends nothing', async () => {
    save([line(0), line(1)])

    expect(JSON.parse((await replay('--dry-run', '--json')).stdout)).toEqual({
      count: 2,
      byTopic: { events: 2 },
      leftOut: { erased: 0, internal: 0, noEvent: 0 },
    })
    expect(stack.requests).toEqual([])
  })

  it('asks before it sends, and sends nothing where nobody can be asked', async () => {
    save([line(0)])

    const ran = await replay()

    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(
      `Publish 1 event to ${stack.url}? Nobody can be asked here: give --yes to agree`,
    )
    expect(stack.requests).toEqual([])
  })

  it('takes the records of a topic and of a time', async () => {
    save([line(0), line(1), line(2)])
    save([line(1, eventOf('other'), 'port-events')])
    const at = (ms: number) => new Date(DAY + ms).toISOString()

    await replay('--topic', 'events', '--from', at(1), '--to', at(2), '--yes')

    expect(sent()).toEqual(['e1'])
  })

  it('leaves out what was erased, also if only the erasure is in the copy', async () => {
    const erasure = makeEvent('x', {
      source: ERASURE_SOURCE,
      type: ERASED_TYPE,
      category: 'tests.a',
      data: {
        id: 'e1',
        source: '/tests',
        type: 'tests.made',
        offset: 1,
        keys: [],
        also: [],
        by: 'a',
        at: '',
      },
    })
    const { data: _, ...left } = eventOf('e0')
    save([line(0, { ...left, erased: '2026-05-02T00:00:00Z' }), line(1), line(2)])
    save([line(3, erasure)])

    const ran = await replay('--to', new Date(DAY + 3).toISOString(), '--yes')

    expect(sent()).toEqual(['e2'])
    expect(ran.stderr).toBe('left out: 2 erased\n')
  })

  it('leaves out what Tidewire alone writes, and what is no event', async () => {
    save([
      line(0, eventOf('a', { source: 'urn:tidewire:fold' })),
      line(1, eventOf('b', { category: 'tidewire.stats' })),
      { topic: 'events', partition: 0, offset: 2, timestamp: DAY, value: 'bm8gZXZlbnQ=' },
      line(3),
    ])

    const ran = await replay('--yes')

    expect(sent()).toEqual(['e3'])
    expect(ran.stderr).toBe('left out: 2 written by Tidewire alone, 1 no event\n')
  })

  it('counts what the log has already under its id, and goes on', async () => {
    save([line(0), line(1), line(2)])
    await use({
      decide: ({ events }) => {
        const index = events.findIndex(({ id }) => id === 'e1')
        const errors = [{ index, pointer: '/id', detail: 'was taken by another event.' }]
        return index < 0 ? null : { status: 409, body: { detail: 'taken', errors } }
      },
    })

    const ran = await replay('--yes', '--json')

    expect(ran.code).toBe(0)
    expect(JSON.parse(ran.stdout)).toMatchObject({ records: 3, published: 2, refused: 0, known: 1 })
    expect(sent()).toEqual(['e0', 'e2'])
  })

  it('counts a single event that the log has already', async () => {
    save([line(0)])
    await use({ decide: () => ({ status: 409, body: { detail: 'taken' } }) })

    const ran = await replay('--yes')

    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain('published 0 of 1 record (0 refused)')
    expect(ran.stdout).toContain('the log had 1 already')
  })

  it('names what is refused by its position, sends the rest, and ends with 1', async () => {
    save([line(0), line(1)])
    await use({
      decide: ({ events }) => {
        const index = events.findIndex(({ id }) => id === 'e0')
        const errors = [{ index, pointer: '/source', detail: 'belongs to key:shop.' }]
        return index < 0 ? null : { status: 403, body: { detail: 'not granted', errors } }
      },
    })

    const ran = await replay('--yes')

    expect(ran.code).toBe(1)
    expect(ran.stderr).toBe('refused: events/0/0 /source: belongs to key:shop.\n')
    expect(sent()).toEqual(['e1'])
  })
})

describe('what cannot be replayed', () => {
  it('is a folder without files of an archive, or that is not there', async () => {
    writeFileSync(join(folder, 'notes.txt'), '')

    const empty = await replay('--dry-run')
    expect(empty).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no files of an archive, such as'),
    })
    save([line(0)])
    const other = await replay('--topic', 'port-events', '--dry-run')
    expect(other.stderr).toContain('has no files of the topics port-events in an archive')
    const absent = await runInProcess(['archive', 'replay', join(folder, 'absent'), '--url', stack.url])
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot read') })
  })

  it('is a file that was cut', async () => {
    const path = join(folder, fileKey({ topic: 'events', partition: 0, first: 0, last: 1 }))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, packRecords([line(0)]).subarray(0, 30))

    const ran = await replay('--yes')

    expect(ran).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${path} is no file of an archive`),
    })
    expect(stack.requests).toEqual([])
  })
})
