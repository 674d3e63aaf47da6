import { keyRefused } from '../check-access.ts'
import { CliError } from '../cli-error.ts'
import type { OutgoingEvent } from './encode-record.ts'
import { isJsonObject, type JsonObject } from './input-record.ts'
import type { Answer, PostBatch } from './post-batch.ts'
import type { Placed, Tally } from './tally.ts'

/** The statuses that are about the events, so that the good ones of the batch can still go. */
const ABOUT_EVENTS = new Set([400, 403, 413, 422])

/**
 * Sends a batch and counts what became of it. Events that the server refuses are counted with its reason, and the
 * others are sent without them, in order. Throws CliError when the server refuses the request as such.
 */
export async function sendBatch(
  batch: readonly OutgoingEvent[],
  post: PostBatch,
  tally: Tally,
): Promise<void> {
  if (batch.length === 0) return
  const answer = await post(`[${batch.map((event) => event.json).join(',')}]`)
  if (answer.status === 202) return tally.placed(readPlaced(answer.body, batch.length))
  if (!ABOUT_EVENTS.has(answer.status)) throw refusedRequest(answer)
  const reasons = readReasons(answer.body, batch.length)
  if (reasons.size > 0) {
    for (const [index, detail] of reasons) tally.refused({ at: batch[index]?.at ?? '', detail })
    return sendBatch(
      batch.filter((_, index) => !reasons.has(index)),
      post,
      tally,
    )
  }
  if (answer.status === 403) throw refusedRequest(answer)
  const [only] = batch
  if (only !== undefined && batch.length === 1)
    return tally.refused({ at: only.at, detail: detailOf(answer) })
  // It does not say which ones, so halves find out.
  const middle = Math.ceil(batch.length / 2)
  await sendBatch(batch.slice(0, middle), post, tally)
  await sendBatch(batch.slice(middle), post, tally)
}

function readPlaced(body: unknown, expected: number): readonly Placed[] {
  const events: readonly unknown[] = isJsonObject(body) && Array.isArray(body.events) ? body.events : []
  const placed = events.filter(isPlaced)
  if (placed.length !== expected)
    throw new CliError(
      `the answer names ${placed.length} positions for ${expected} events; is --url the address of a Tidewire stack?`,
    )
  return placed
}

function isPlaced(value: unknown): value is Placed {
  return isJsonObject(value) && typeof value.topic === 'string' && typeof value.partition === 'number'
}

/** Index in the batch → the reasons, joined. */
function readReasons(body: unknown, length: number): ReadonlyMap<number, string> {
  const errors: readonly unknown[] = isJsonObject(body) && Array.isArray(body.errors) ? body.errors : []
  const reasons = new Map<number, string>()
  for (const error of errors.filter(isJsonObject)) {
    const { index } = error
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= length) continue
    const known = reasons.get(index)
    reasons.set(index, known === undefined ? explainError(error) : `${known}; ${explainError(error)}`)
  }
  return reasons
}

function explainError({ pointer, detail }: JsonObject): string {
  const text = typeof detail === 'string' ? detail : 'refused'
  return typeof pointer === 'string' && pointer !== '' ? `${pointer}: ${text}` : text
}

function detailOf({ status, body }: Answer): string {
  const { detail, title } = isJsonObject(body) ? body : {}
  return String(detail ?? title ?? `refused with status ${status}`)
}

function refusedRequest(answer: Answer): CliError {
  const { status } = answer
  if (status === 401) return keyRefused()
  if (status === 403) return new CliError(`this API key may not publish here: ${detailOf(answer)}`)
  return new CliError(
    `POST /events answered ${status}: ${detailOf(answer)}; is --url the address of a Tidewire stack?`,
  )
}
