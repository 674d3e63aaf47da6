import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { joinInvocations } from './join-invocations.ts'
import type { InvokeResult } from './lambda-invoker.ts'
import { makeRecords } from './testing/make-records.ts'
import { toLambdaEvent } from './to-lambda-event.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const target = { functionName: 'deliver', timeoutMs: 1_000 }

const batch = (partition: number, firstOffset: number, count = 1) =>
  toLambdaEvent(
    makeRecords(firstOffset, count).map((record) => ({ ...record, partition })),
    { eventSource: 'aws:kafka', brokers: ['b:1'] },
  )

type Invocation = { partitions: string[]; end(result?: InvokeResult): Promise<void>; fail(): Promise<void> }

/** A joint invoker whose invocations end when the test says so. */
function setUp(limits: { batchSize?: number; maxBytes?: number } = {}) {
  const invocations: Invocation[] = []
  const settle = () => vi.advanceTimersByTimeAsync(0)
  const invoke = joinInvocations(
    (_, event) =>
      new Promise((resolve, reject) => {
        invocations.push({
          partitions: Object.keys(event.records),
          async end(result = { payload: null }) {
            resolve(result)
            await settle()
          },
          async fail() {
            reject(new Error('throttled'))
            await settle()
          },
        })
      }),
    { batchSize: 500, maxBytes: 1_000_000, ...limits },
  )
  return {
    invocations,
    settle,
    invoke: (partition: number, firstOffset: number, count?: number) =>
      invoke(target, batch(partition, firstOffset, count)),
    partitions: () => invocations.map(({ partitions }) => partitions.join(' ')),
  }
}

const failureOf = (partition: string, offset: number) => ({ itemIdentifier: { partition, offset } })

test('batches that are ready at the same time are one invocation, and each partition gets its own failures', async () => {
  const { invoke, invocations, partitions, settle } = setUp()
  const results = Promise.all([invoke(0, 0), invoke(1, 7)])
  await settle()
  await invocations[0]?.end({ payload: { batchItemFailures: [failureOf('ships-1', 7)] } })

  expect(partitions()).toEqual(['ships-0 ships-1'])
  expect(await results).toEqual([
    { payload: { batchItemFailures: [] } },
    { payload: { batchItemFailures: [failureOf('ships-1', 7)] } },
  ])
})

test('a partition does not wait for the invocation of another one', async () => {
  const { invoke, partitions, settle } = setUp()
  void invoke(0, 0)
  await settle()
  void invoke(1, 0)
  await settle()

  expect(partitions()).toEqual(['ships-0', 'ships-1'])
})

test('an invocation that fails as a whole is repeated for each partition alone', async () => {
  const { invoke, invocations, partitions, settle } = setUp()
  const results = Promise.all([invoke(0, 0), invoke(1, 0)])
  await settle()
  const error: InvokeResult = { functionError: { errorType: 'Error', errorMessage: 'poison' } }
  await invocations[0]?.end(error)
  await invocations[1]?.end(error)
  await invocations[2]?.end()

  expect(partitions()).toEqual(['ships-0 ships-1', 'ships-0', 'ships-1'])
  expect(await results).toEqual([error, { payload: null }])
})

test('a response that names none of the partitions is no response for any of them', async () => {
  const { invoke, invocations, partitions, settle } = setUp()
  void invoke(0, 0)
  void invoke(1, 0)
  await settle()
  await invocations[0]?.end({ payload: { batchItemFailures: [failureOf('ships-9', 0)] } })

  expect(partitions()).toEqual(['ships-0 ships-1', 'ships-0', 'ships-1'])
})

test('an invocation that could not be made fails for all of its partitions', async () => {
  const { invoke, invocations, settle } = setUp()
  const results = Promise.allSettled([invoke(0, 0), invoke(1, 0)])
  await settle()
  await invocations[0]?.fail()

  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('a retry is invoked alone', async () => {
  const { invoke, invocations, partitions, settle } = setUp()
  void invoke(0, 5)
  await settle()
  await invocations[0]?.end()
  void invoke(0, 5)
  void invoke(1, 0)
  await settle()

  expect(partitions()).toEqual(['ships-0', 'ships-0', 'ships-1'])
})

test('an invocation has at most batchSize records and the limit of bytes', async () => {
  const bySize = setUp({ batchSize: 5 })
  for (const partition of [0, 1, 2]) void bySize.invoke(partition, 0, 2)
  await bySize.settle()
  const byBytes = setUp({ maxBytes: 500 })
  for (const partition of [0, 1, 2]) void byBytes.invoke(partition, 0)
  await byBytes.settle()

  expect(bySize.partitions()).toEqual(['ships-0 ships-1', 'ships-2'])
  expect(byBytes.partitions()).toEqual(['ships-0 ships-1', 'ships-2'])
})
