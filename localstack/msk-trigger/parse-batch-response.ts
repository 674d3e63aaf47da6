import type { KafkaRecord } from './mapping.ts'

/** What the function reported: all done, failed from one offset on, or a response that retries everything. */
export type BatchResponse = { ok: true } | { ok: false; failedFrom: number } | { ok: false; invalid: string }

const success: BatchResponse = { ok: true }

/**
 * Reads a function's partial batch response for a batch of one partition.
 * Lambda takes an empty or null response and an empty or null list as success; an identifier that is not
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
