import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPartitionQueue } from './partition-workers.ts'
import { makeRecords } from './testing/make-records.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const limits = { batchSize: 3, windowMs: 0, maxBytes: 6_000_000 }
const offsets = (records: { offset: number }[]) => records.map(({ offset }) => offset)

test('without a window a batch is what has arrived, at most batchSize records', async () => {
  const queue = createPartitionQueue(limits)
  queue.push(makeRecords(0, 4))

  expect(offsets(await queue.take())).toEqual([0, 1, 2])
  expect(offsets(await queue.take())).toEqual([3])
})

test('a batch of one record waits for the window, and not longer once it is full', async () => {
  const queue = createPartitionQueue({ ...limits, windowMs: 60_000 })
  queue.push(makeRecords(0, 1))
  const taken = queue.take()
  const onTaken = vi.fn()
  taken.then(onTaken)
  await vi.advanceTimersByTimeAsync(59_999)

  expect(onTaken).not.toHaveBeenCalled()
  queue.push(makeRecords(1, 3))
  expect(offsets(await taken)).toEqual([0, 1, 2])
})

test('the window ends a batch that is not full', async () => {
  const queue = createPartitionQueue({ ...limits, windowMs: 30_000 })
  const taken = queue.take()
  queue.push(makeRecords(0, 1))
  queue.push(makeRecords(1, 1))
  await vi.advanceTimersByTimeAsync(30_000)

  expect(offsets(await taken)).toEqual([0, 1])
})

test('a batch stays below the payload cap, and a record above it goes alone', async () => {
  const queue = createPartitionQueue({ ...limits, maxBytes: 2_000 })
  const large = makeRecords(0, 3).map((record, index) => ({
    ...record,
    value: Buffer.alloc(index === 1 ? 5_000 : 600),
  }))
  queue.push(large)

  expect(offsets(await queue.take())).toEqual([0])
  expect(offsets(await queue.take())).toEqual([1])
  expect(offsets(await queue.take())).toEqual([2])
  expect(queue.bytes()).toBe(0)
})

test('closing ends a waiting take with nothing', async () => {
  const queue = createPartitionQueue({ ...limits, windowMs: 60_000 })
  const idle = queue.take()
  queue.close()

  expect(await idle).toEqual([])
  queue.push(makeRecords(0, 1))
  expect(await queue.take()).toEqual([])
})
