import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import type { Position } from '#shared/core/event.ts'
import type { NewRecord } from '#shared/pipeline/ports.ts'
import { gatherWrites } from './gather-writes.ts'

const record = (key: string, topic = 't', bytes = 1): NewRecord => ({
  topic,
  key,
  value: Buffer.alloc(bytes),
  headers: {},
})

class Refused extends Error {}

/** A log that holds every request back until it is released, and refuses those with the key "bad". */
function setUp() {
  const requests: string[][] = []
  const gates: (() => void)[] = []
  let offset = 0
  const write = gatherWrites(
    async (records) => {
      requests.push(records.map(({ key }) => String(key)))
      await new Promise<void>((resolve) => gates.push(resolve))
      if (records.some(({ key }) => key === 'bad')) throw new Refused('too large')
      if (records.some(({ key }) => key === 'lost')) throw new Error('no connection')
      return records.map(({ topic }): Position => ({ topic, partition: 0, offset: offset++ }))
    },
    (error) => error instanceof Refused,
  )
  return {
    requests,
    write,
    /** Lets requests pass, one after the other, until none is left. */
    async release() {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve))
        const gate = gates.shift()
        if (!gate) return
        gate()
      }
    },
  }
}

const offsetsOf = (positions: readonly Position[]) => positions.map(({ offset }) => offset)

test('a lone write is sent at once', async () => {
  const { write, requests, release } = setUp()
  const written = write([record('a')])
  const early = [...requests]
  await release()

  expect(early).toEqual([['a']])
  expect(offsetsOf(await written)).toEqual([0])
})

test('writes that come during a request are sent together in the next one, each with its own positions', async () => {
  const { write, requests, release } = setUp()
  const writes = [write([record('a')]), write([record('b'), record('c')]), write([record('d')])]
  await release()

  expect(requests).toEqual([['a'], ['b', 'c', 'd']])
  expect((await Promise.all(writes)).map(offsetsOf)).toEqual([[0], [1, 2], [3]])
})

test('a write to other topics does not wait', async () => {
  const { write, requests, release } = setUp()
  const writes = [
    write([record('a', 't')]),
    write([record('b', 'u')]),
    write([record('c', 't'), record('d', 'u')]),
  ]
  const early = [...requests]
  await release()
  await Promise.all(writes)

  expect(early).toEqual([['a'], ['b'], ['c', 'd']])
})

test('a request has at most 256 KB of several writes and 500 records, and a larger write goes alone', async () => {
  const { write, requests, release } = setUp()
  const many = Array.from({ length: 300 }, () => record('m'))
  const writes = [
    write([record('a')]),
    write([record('b', 't', 200_000)]),
    write([record('c', 't', 100_000)]),
    write([record('d', 't', 300_000)]),
    write(many),
    write(many),
  ]
  await release()
  await Promise.all(writes)

  expect(requests.map((keys) => keys.length)).toEqual([1, 1, 1, 1, 300, 300])
})

test('a write that the broker refuses does not fail those that were sent with it', async () => {
  const { write, requests, release } = setUp()
  const writes = [write([record('a')]), write([record('b')]), write([record('bad')]), write([record('c')])]
  const settled = Promise.allSettled(writes)
  await release()

  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  expect(requests).toEqual([['a'], ['b', 'bad', 'c'], ['b'], ['bad'], ['c']])
})

test('a request that is lost fails all of its writes, and the next one is sent', async () => {
  const { write, release } = setUp()
  const writes = [write([record('lost')]), write([record('lost')]), write([record('b')])]
  const settled = Promise.allSettled(writes)
  await release()
  const later = write([record('c')])
  await release()

  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(offsetsOf(await later)).toEqual([0])
})
