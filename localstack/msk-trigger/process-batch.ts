import { within } from '../patient-timeout.ts'
import type { FunctionError, Invoke, InvokeResult } from './lambda-invoker.ts'
import type { Mapping } from './mapping.ts'
import type { Discarded } from './on-failure-destination.ts'
import type { KafkaRecord, LambdaKafkaEvent } from './to-lambda-event.ts'
import { unpassableProblem } from './unpassable-records.ts'
import { type Backoff, backoff, wait } from './wait.ts'

export type ProcessBatch = {
  mapping: Mapping
  invoke: Invoke
  toEvent(records: KafkaRecord[]): LambdaKafkaEvent
  /** Everything below `offset` is done. */
  commit(offset: number): Promise<void>
  /** Stores a discarded batch. The partition continues if it resolves, and retries if it rejects. */
  discard(discarded: Discarded): Promise<void>
  log(line: string): void
  /**
   * The most bytes of an event, if records that are larger, or cannot be read, are discarded. Without it they are passed
   * on as they are.
   */
  discardAbove?: number
  retryBackoff: Backoff
  /** Aborted when the partition is no longer ours or the trigger stops: nothing new is invoked after that. */
  signal: AbortSignal
  now?: () => number
}

type Part = {
  records: KafkaRecord[]
  retries: number
  invokeCount: number
  /** Why its only record cannot be passed to a function. */
  problem?: Discarded['condition']
}
type Outcome =
  | { kind: 'done' }
  | { kind: 'unavailable'; reason: string }
  | { kind: 'failed'; reason: string; failedFrom?: number; error?: FunctionError }

/**
 * Invokes the function with a batch of one partition until every record is done or discarded, in order.
 * A failure is retried with backoff: from the lowest failed offset if the function reported one, otherwise as a
 * whole, or in halves if the mapping bisects (splitting does not count as a retry). Returns early, without
 * committing what is not done, when `signal` is aborted. A record that cannot be passed to a function is discarded
 * without a try, in its place.
 */
export async function processBatch(records: KafkaRecord[], options: ProcessBatch): Promise<void> {
  const parts = partsOf(records, options)
  let failures = 0
  for (let part = parts.shift(); part && !options.signal.aborted; part = parts.shift()) {
    if (part.problem) {
      await giveUp(part, part.problem, options)
      continue
    }
    const fresh = await discardExpired(part, options)
    if (!fresh) continue
    const outcome = await invokeOnce(fresh.records, options)
    if (outcome.kind === 'done') {
      await commitAfter(fresh.records, options)
      failures = 0
      continue
    }
    const next = outcome.kind === 'unavailable' ? [fresh] : await afterFailure(fresh, outcome, options)
    parts.unshift(...next)
    failures += 1
    if (next.length > 0) await pause(fresh, outcome.reason, failures, options)
  }
}

/** Divides a batch around records that cannot be passed to a function. */
function partsOf(records: KafkaRecord[], { discardAbove, log, mapping }: ProcessBatch): Part[] {
  const parts: Part[] = []
  let open: Part | undefined
  for (const record of records) {
    const problem = discardAbove === undefined ? undefined : unpassableProblem(record, discardAbove)
    if (problem) {
      log(`${mapping.functionKey}: ${describe([record])}: ${problem.reason}`)
      const condition = problem.code === 'too_large' ? 'RecordTooLarge' : 'RecordUnreadable'
      parts.push({ records: [record], retries: 0, invokeCount: 0, problem: condition })
      open = undefined
    } else if (open) open.records.push(record)
    else {
      open = { records: [record], retries: 0, invokeCount: 0 }
      parts.push(open)
    }
  }
  return parts
}

async function invokeOnce(
  records: KafkaRecord[],
  { mapping, invoke, toEvent }: ProcessBatch,
): Promise<Outcome> {
  let result: InvokeResult
  try {
    const { timeoutMs } = mapping
    result = await within(
      timeoutMs,
      () => invoke(mapping, toEvent(records)),
      () => timedOut(timeoutMs),
    )
  } catch (error) {
    return { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) }
  }
  if ('functionError' in result) {
    const { errorType, errorMessage } = result.functionError
    return { kind: 'failed', reason: `${errorType}: ${errorMessage}`, error: result.functionError }
  }
  if (!mapping.reportBatchItemFailures) return { kind: 'done' }
  const response = parseBatchResponse(result.payload, records)
  if (response.ok) return { kind: 'done' }
  if ('invalid' in response) return { kind: 'failed', reason: response.invalid }
  const { failedFrom } = response
  return { kind: 'failed', reason: `the function reports a failure at offset ${failedFrom}`, failedFrom }
}

function timedOut(timeoutMs: number): InvokeResult {
  const errorMessage = `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`
  return { functionError: { errorType: 'Sandbox.Timedout', errorMessage } }
}

/** Returns what must be tried next, in offset order; nothing if the retries are used up. */
async function afterFailure(
  part: Part,
  outcome: { failedFrom?: number; error?: FunctionError },
  options: ProcessBatch,
): Promise<Part[]> {
  const { mapping } = options
  const invokeCount = part.invokeCount + 1
  const records = part.records.filter(({ offset }) => offset >= (outcome.failedFrom ?? 0))
  // Progress resets the count: the record that fails now is not the one that failed before.
  if (records.length < part.records.length) {
    await commitAfter(part.records.slice(0, -records.length), options)
    return [{ records, retries: 0, invokeCount }]
  }
  if (mapping.bisect && outcome.failedFrom === undefined && records.length > 1) {
    const middle = Math.ceil(records.length / 2)
    const halves = [records.slice(0, middle), records.slice(middle)]
    return halves.map((half) => ({ records: half, retries: part.retries, invokeCount }))
  }
  if (part.retries < mapping.maxRetries) return [{ records, retries: part.retries + 1, invokeCount }]
  await giveUp({ ...part, invokeCount }, 'RetryAttemptsExhausted', options, outcome.error)
  return []
}

/** Returns the part without the records that are too old, or undefined if none is left. */
async function discardExpired(part: Part, options: ProcessBatch): Promise<Part | undefined> {
  const oldest = (options.now ?? Date.now)() - options.mapping.maxRecordAgeMs
  const firstFresh = part.records.findIndex(({ timestamp }) => timestamp >= oldest)
  if (firstFresh === 0) return part
  const expired = firstFresh === -1 ? part.records : part.records.slice(0, firstFresh)
  await giveUp({ ...part, records: expired }, 'RecordAgeExceeded', options)
  return firstFresh === -1 ? undefined : { ...part, records: part.records.slice(firstFresh) }
}

async function giveUp(
  { records, invokeCount }: Part,
  condition: Discarded['condition'],
  options: ProcessBatch,
  error?: FunctionError,
): Promise<void> {
  const { mapping, toEvent } = options
  const event = toEvent(records)
  options.log(`${mapping.functionKey}: discards ${describe(records)} (${condition})`)
  const discarded = { mapping, records, event, condition, invokeCount, ...(error ? { error } : {}) }
  for (let failures = 1; !options.signal.aborted; failures += 1) {
    const problem = await options.discard(discarded).then(() => undefined, String)
    if (problem === undefined) return commitAfter(records, options)
    await pause({ records }, `on-failure destination: ${problem}`, failures, options)
  }
}

async function commitAfter(records: KafkaRecord[], { commit }: ProcessBatch): Promise<void> {
  const last = records.at(-1)
  if (last) await commit(last.offset + 1)
}

async function pause(
  { records }: Pick<Part, 'records'>,
  reason: string,
  failures: number,
  options: ProcessBatch,
): Promise<void> {
  if (options.signal.aborted) return
  const ms = backoff(failures, options.retryBackoff)
  options.log(`${options.mapping.functionKey}: ${describe(records)} failed (${reason}), retrying in ${ms} ms`)
  await wait(ms, options.signal)
}

function describe(records: KafkaRecord[]): string {
  const first = records[0]
  if (!first) return 'nothing'
  const last = records.at(-1) ?? first
  return `${first.topic}-${first.partition} offsets ${first.offset}–${last.offset}`
}

/** What the function reported: all done, failed from one offset on, or a response that retries everything. */
type BatchResponse = { ok: true } | { ok: false; failedFrom: number } | { ok: false; invalid: string }

const success: BatchResponse = { ok: true }

/**
 * Reads a function's partial batch response for a batch of one partition.
 * For Lambda an empty or null response is a success, and so is an empty or null list; an identifier that is not
 * `{ partition: 'topic-0', offset }` of a record of this batch retries the whole batch.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
export function parseBatchResponse(payload: unknown, batch: KafkaRecord[]): BatchResponse {
  if (payload === null || payload === undefined || payload === '') return success
  if (typeof payload !== 'object') return { ok: false, invalid: `the response is a ${typeof payload}` }
  const failures = 'batchItemFailures' in payload ? payload.batchItemFailures : undefined
  if (failures === null || failures === undefined) return success
  if (!Array.isArray(failures)) return { ok: false, invalid: 'batchItemFailures is not a list' }
  if (failures.length === 0) return success
  const offsets = new Set(batch.map(({ offset }) => offset))
  const name = batch[0] && `${batch[0].topic}-${batch[0].partition}`
  let failedFrom = Number.POSITIVE_INFINITY
  for (const failure of failures) {
    const offset = readOffset(failure, name)
    if (offset === undefined || !offsets.has(offset)) {
      return {
        ok: false,
        invalid: `the itemIdentifier of ${JSON.stringify(failure)} names no record of the batch`,
      }
    }
    failedFrom = Math.min(failedFrom, offset)
  }
  return { ok: false, failedFrom }
}

function readOffset(failure: unknown, partition: string | undefined): number | undefined {
  if (typeof failure !== 'object' || failure === null || !('itemIdentifier' in failure)) return undefined
  const identifier = failure.itemIdentifier
  if (typeof identifier !== 'object' || identifier === null) return undefined
  if (!('partition' in identifier) || !('offset' in identifier)) return undefined
  if (identifier.partition !== partition || typeof identifier.offset !== 'number') return undefined
  return identifier.offset
}
