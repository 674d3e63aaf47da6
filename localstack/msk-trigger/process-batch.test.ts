import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { InvokeResult } from './lambda-invoker.ts'
import type { Mapping } from './mapping.ts'
import type { Discarded } from './on-failure-destination.ts'
import { parseBatchResponse, processBatch } from './process-batch.ts'
import { makeMapping, makeRecords } from './testing/make-records.ts'
import { type KafkaRecord, type LambdaKafkaEvent, toLambdaEvent } from './to-lambda-event.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

type Respond = (offsets: number[]) => InvokeResult | Promise<InvokeResult>

const failure: InvokeResult = { functionError: { errorType: 'Error', errorMessage: 'boom' } }
const done: InvokeResult = { payload: null }
const poison =
  (offset: number): Respond =>
  (offsets) =>
    offsets.includes(offset) ? failure : done

async function run(
  records: KafkaRecord[],
  respond: Respond,
  overrides: Partial<Mapping> = {},
  stopAfter = Infinity,
  discardAbove?: number,
) {
  const seen = {
    invoked: [] as number[][],
    commits: [] as number[],
    discarded: [] as Discarded[],
    log: [] as string[],
  }
  const stop = new AbortController()
  const processing = processBatch(records, {
    mapping: makeMapping(overrides),
    invoke: async (_, event: LambdaKafkaEvent) => {
      const offsets = Object.values(event.records).flatMap((list) => list.map(({ offset }) => offset))
      if (seen.invoked.push(offsets) >= stopAfter) stop.abort()
      return respond(offsets)
    },
    toEvent: (batch) =>
      toLambdaEvent(batch, { eventSource: 'aws:kafka', eventSourceArn: 'arn', brokers: ['b:1'] }),
    commit: async (offset) => void seen.commits.push(offset),
    discard: async (discarded) => void seen.discarded.push(discarded),
    log: (line) => seen.log.push(line),
    retryBackoff: { baseMs: 1_000, capMs: 4_000 },
    ...(discardAbove === undefined ? {} : { discardAbove }),
    signal: stop.signal,
  })
  await vi.runAllTimersAsync()
  await processing
  return seen
}

test('a batch that succeeds is invoked once and committed', async () => {
  const { invoked, commits } = await run(makeRecords(5, 3), () => done)

  expect(invoked).toEqual([[5, 6, 7]])
  expect(commits).toEqual([8])
})

test('a function error retries the whole batch for ever by default', async () => {
  const { invoked, commits } = await run(makeRecords(0, 2), () => failure, {}, 30)

  expect(invoked).toEqual(Array.from({ length: 30 }, () => [0, 1]))
  expect(commits).toEqual([])
})

test('a reported failure commits what is before it and resumes there', async () => {
  let first = true
  const { invoked, commits } = await run(makeRecords(0, 4), () => {
    if (!first) return done
    first = false
    return { payload: { batchItemFailures: [{ itemIdentifier: { partition: 'ships-0', offset: 2 } }] } }
  })

  expect(invoked).toEqual([
    [0, 1, 2, 3],
    [2, 3],
  ])
  expect(commits).toEqual([2, 4])
})

test('a reported failure is ignored when the mapping does not ask for it', async () => {
  const response = { batchItemFailures: [{ itemIdentifier: { partition: 'ships-0', offset: 0 } }] }
  const { commits } = await run(makeRecords(0, 2), () => ({ payload: response }), {
    reportBatchItemFailures: false,
  })

  expect(commits).toEqual([2])
})

test('a string identifier retries everything', async () => {
  let calls = 0
  const { invoked } = await run(makeRecords(0, 3), () =>
    ++calls > 1 ? done : { payload: { batchItemFailures: [{ itemIdentifier: 'ships-0-1' }] } },
  )

  expect(invoked).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ])
})

test('bisecting isolates a poison record, and only that one is discarded', async () => {
  const { invoked, commits, discarded } = await run(makeRecords(0, 8), poison(5), {
    bisect: true,
    maxRetries: 1,
  })

  expect(discarded.map(({ records }) => records.map(({ offset }) => offset))).toEqual([[5]])
  expect(discarded[0]).toMatchObject({ condition: 'RetryAttemptsExhausted', error: { errorMessage: 'boom' } })
  expect(invoked.filter((offsets) => offsets.length === 1 && offsets[0] === 5)).toHaveLength(2)
  expect(commits).toEqual([...commits].sort((a, b) => a - b))
  expect(commits.at(-1)).toBe(8)
})

test('the retries are counted without the first attempt, then the batch is discarded and the partition goes on', async () => {
  const { invoked, discarded, commits } = await run(makeRecords(0, 2), () => failure, { maxRetries: 2 })

  expect(invoked).toHaveLength(3)
  expect(discarded).toMatchObject([{ invokeCount: 3 }])
  expect(commits).toEqual([2])
})

test('an unreachable Lambda is retried without counting', async () => {
  let calls = 0
  const { discarded, commits } = await run(
    makeRecords(0, 1),
    () => (++calls > 5 ? done : Promise.reject(new Error('connection refused'))),
    { maxRetries: 0 },
  )

  expect(discarded).toEqual([])
  expect(commits).toEqual([1])
})

test('records above the maximum age are discarded and not invoked', async () => {
  const [old, fresh] = makeRecords(0, 2) as [KafkaRecord, KafkaRecord]
  const { invoked, discarded, commits } = await run([{ ...old, timestamp: 0 }, fresh], () => done, {
    maxRecordAgeMs: 60_000,
  })

  expect(invoked).toEqual([[1]])
  expect(discarded).toMatchObject([{ condition: 'RecordAgeExceeded', invokeCount: 0 }])
  expect(commits).toEqual([1, 2])
})

test('records that no function can get are discarded in their place, and what is around them is invoked', async () => {
  const records = makeRecords(0, 5)
  const large = { ...makeRecords(1, 1)[0], value: Buffer.alloc(5000) } as KafkaRecord
  const unreadable = {
    ...makeRecords(3, 1)[0],
    headers: [['tidewire-unreadable', Buffer.from('undecodable: its batch is garbage')]],
  } as KafkaRecord
  records.splice(1, 1, large)
  records.splice(3, 1, unreadable)

  const { invoked, commits, discarded, log } = await run(records, () => done, {}, Infinity, 4000)

  expect(invoked).toEqual([[0], [2], [4]])
  expect(commits).toEqual([1, 2, 3, 4, 5])
  expect(discarded.map(({ condition }) => condition)).toEqual(['RecordTooLarge', 'RecordUnreadable'])
  expect(log.join()).toContain('ships-0 offsets 3–3: its batch is garbage')
})

test('an invocation beyond the function timeout is a failure', async () => {
  const { discarded } = await run(makeRecords(0, 1), () => new Promise<never>(() => {}), {
    timeoutMs: 20_000,
    maxRetries: 0,
  })

  expect(discarded[0]?.error).toEqual({
    errorType: 'Sandbox.Timedout',
    errorMessage: 'Task timed out after 20.00 seconds',
  })
})

test('retries are announced with their reason and delay', async () => {
  const { log } = await run(makeRecords(0, 2), () => failure, { maxRetries: 1 })

  expect(log[0]).toMatch(/^deliver: ships-0 offsets 0–1 failed \(Error: boom\), retrying in \d+ ms$/)
})

const batch = makeRecords(5, 3)
const failed = (...itemIdentifiers: unknown[]) => ({
  batchItemFailures: itemIdentifiers.map((itemIdentifier) => ({ itemIdentifier })),
})

test.each([null, undefined, '', {}, { batchItemFailures: null }, { batchItemFailures: [] }])(
  '%j is a success',
  (payload) => {
    expect(parseBatchResponse(payload, batch)).toEqual({ ok: true })
  },
)

test('the lowest failed offset counts', () => {
  const response = failed({ partition: 'ships-0', offset: 7 }, { partition: 'ships-0', offset: 6 })

  expect(parseBatchResponse(response, batch)).toEqual({ ok: false, failedFrom: 6 })
})

test.each([
  ['a string identifier', failed('ships-0-6')],
  ['an empty identifier', failed('')],
  ['a null identifier', failed(null)],
  ['a bad key name', { batchItemFailures: [{ item: { partition: 'ships-0', offset: 6 } }] }],
  ['another partition', failed({ partition: 'ships-1', offset: 6 })],
  ['an offset as text', failed({ partition: 'ships-0', offset: '6' })],
  ['an offset outside of the batch', failed({ partition: 'ships-0', offset: 8 })],
  ['one good and one bad identifier', failed({ partition: 'ships-0', offset: 6 }, 'x')],
  ['a list that is text', { batchItemFailures: 'none' }],
  ['a response that is text', 'done'],
])('%s retries the whole batch', (_, response) => {
  expect(parseBatchResponse(response, batch)).toMatchObject({ ok: false, invalid: expect.any(String) })
})
