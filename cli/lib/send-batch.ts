import { credentialHeaders } from './call-api.ts'
import { CliError, failureOf } from './cli-error.ts'
import type { Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import { cannotReach, credentialsRefused, notGranted } from './failures.ts'
import { isJsonObject, type JsonObject } from './input/input-record.ts'
import type { OutgoingEvent } from './send-in-lanes.ts'
import type { Placed, Tally } from './tally.ts'

export type SendOptions = {
  readonly connection: Connection
  /** How long one batch is tried before the command gives up. */
  readonly timeoutMs: number
  /** Whether to wait for an address that has not been reached yet. */
  readonly isPatient: boolean
  readonly clock: Clock
  /** Ends the waiting between two attempts. */
  readonly signal: AbortSignal
  readonly onRetry: (reason: string, waitMs: number) => void
  /** Called when a batch that was tried again has its answer. */
  readonly onRecovery: () => void
  /** Takes the number of events whose ids other events have, which otherwise count as refused. */
  readonly onTaken?: ((count: number) => void) | undefined
}

/** A final answer of the server: its status, and its body if that is JSON. */
type Answer = { readonly status: number; readonly body: unknown }
type Attempt = Answer & { readonly retryAfterMs: number }

/** Statuses that are about the events, so that the valid ones of the batch can still be sent. */
const ABOUT_EVENTS = new Set([400, 403, 409, 413, 422])
// Ids are the same in every attempt, so that an event that was in fact accepted is not added again.
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504])
/** With `Retry-After`: an earlier attempt that was cut is still being written. Without: the id is that of another event. */
const CONFLICT = 409
/** What happens to a connection when the server is busy or restarts. At first anything else means a wrong address. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'])
/** The maximum wait before the first retry. It doubles with each, up to `LONGEST_WAIT_MS`. */
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 30_000
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Returns a function that sends a batch and counts the result in the tally. Events that the server refuses are counted
 * with its reason, and the others are sent again without them, in the same order. It throws CliError when the server
 * cannot be reached, does not accept the batch in time, or refuses the request as such.
 */
export function createBatchSender(
  options: SendOptions,
  tally: Tally,
): (batch: readonly OutgoingEvent[]) => Promise<void> {
  const post = createPost(options)
  return async function send(batch) {
    if (batch.length === 0) return
    const answer = await post(`[${batch.map((event) => event.json).join(',')}]`, batch.length)
    if (answer.status === 202) {
      tally.placed(readPlaced(answer.body, batch.length))
      // Of a batch of one event the server names no index.
      const warnings = faultsOf(answer.body, 'warnings').map((warning) => ({ index: 0, ...warning }))
      for (const [index, detail] of readReasons(warnings, batch.length))
        tally.warned({ at: batch[index]?.at ?? '', detail })
      return
    }
    if (!ABOUT_EVENTS.has(answer.status)) throw requestRefused(answer, options.connection)
    const reasons = readReasons(faultsOf(answer.body, 'errors'), batch.length)
    const isTaken = answer.status === CONFLICT && options.onTaken !== undefined
    if (reasons.size > 0) {
      if (isTaken) options.onTaken?.(reasons.size)
      else for (const [index, detail] of reasons) tally.refused({ at: batch[index]?.at ?? '', detail })
      return send(batch.filter((_, index) => !reasons.has(index)))
    }
    if (answer.status === 403 && faultsOf(answer.body, 'errors').length === 0)
      throw requestRefused(answer, options.connection)
    const [only] = batch
    if (isTaken && batch.length === 1) return options.onTaken?.(1)
    if (only !== undefined && batch.length === 1)
      return tally.refused({ at: only.at, detail: detailOf(answer) })
    // The answer does not name the refused events, so they are searched for by halves.
    const middle = Math.ceil(batch.length / 2)
    await send(batch.slice(0, middle))
    await send(batch.slice(middle))
  }
}

/**
 * Returns a function that posts a batch until the answer is final. Transient statuses and broken connections are
 * retried with full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and not before
 * Retry-After. So is a 2xx that names no positions, once the server has shown that it is a stack: it may be the error of
 * a gateway, and is no acceptance.
 */
function createPost(options: SendOptions): (body: string, count: number) => Promise<Answer> {
  const { connection, timeoutMs, isPatient, clock, signal, onRetry, onRecovery } = options
  let wasReached = isPatient
  return async (body, count) => {
    const deadline = clock.elapsed() + timeoutMs
    for (let attempt = 0; ; attempt++) {
      const outcome = await tryOnce(body, connection, { clock, deadline })
      const isFailure = outcome instanceof Error
      const isFinal = !isFailure && !isTransient(outcome) && (!wasReached || isAnswer(outcome, count))
      if (isFinal) {
        wasReached = true
        if (attempt > 0) onRecovery()
        return outcome
      }
      // Once the server has answered, a refused connection can be a restart and is retried too.
      if (isFailure && !wasReached && !isBroken(outcome))
        throw cannotReach(connection.url, outcome, connection.urlFrom)
      wasReached ||= !isFailure
      const reason = isFailure ? explain(outcome) : describeStatus(outcome)
      const waitMs = backoffOf(attempt) + (isFailure ? 0 : outcome.retryAfterMs)
      if (clock.elapsed() + waitMs > deadline) throw notAccepted(connection.url, timeoutMs, reason)
      onRetry(reason, waitMs)
      await clock.sleep(waitMs, signal)
    }
  }
}

function isTransient({ status, retryAfterMs }: Attempt): boolean {
  return TRANSIENT.has(status) || (status === CONFLICT && retryAfterMs > 0)
}

/** Whether a response is one of a stack: a refusal, or the positions of that many events. */
function isAnswer({ status, body }: Answer, count: number): boolean {
  if (status >= 300) return true
  return status === 202 && placedIn(body).length === count
}

async function tryOnce(
  body: string,
  connection: Connection,
  { clock, deadline }: { readonly clock: Clock; readonly deadline: number },
): Promise<Attempt | Error> {
  try {
    const response = await fetch(`${connection.url}/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents-batch+json',
        ...credentialHeaders(connection),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(
        Math.max(1, Math.min(REQUEST_TIMEOUT_MS, Math.ceil(deadline - clock.elapsed()))),
      ),
    })
    const text = await response.text()
    return {
      status: response.status,
      body: parseJson(text),
      retryAfterMs: readRetryAfter(response.headers.get('retry-after'), clock),
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds or a date. */
function readRetryAfter(header: string | null, clock: Clock): number {
  if (header === null) return 0
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now()
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}

function backoffOf(attempt: number): number {
  return Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function describeStatus({ status }: Answer): string {
  return status === 202 ? 'it answered 202 without the positions of the events' : `it answered ${status}`
}

function isBroken(error: Error): boolean {
  return error.name === 'TimeoutError' || BROKEN.has(failureOf(error).code)
}

function explain(error: Error): string {
  return error.name === 'TimeoutError' ? 'it did not answer in time' : failureOf(error).reason
}

function notAccepted(url: string, timeoutMs: number, reason: string): CliError {
  return new CliError(
    `${url} did not accept a batch within ${timeoutMs / 1000} s (${reason}); run the same command again later, what is published already is not repeated`,
  )
}

function requestRefused(answer: Answer, connection: Connection): CliError {
  const { status } = answer
  if (status === 401) return credentialsRefused(connection)
  if (status === 403) return notGranted(`these credentials may not publish here: ${detailOf(answer)}`)
  return new CliError(
    `POST /events returned ${status}: ${detailOf(answer)}; is ${connection.url} (${connection.urlFrom}) a Tidewire stack?`,
  )
}

function detailOf({ status, body }: Answer): string {
  const { detail, title } = isJsonObject(body) ? body : {}
  return String(detail ?? title ?? `refused with status ${status}`)
}

function readPlaced(body: unknown, expected: number): readonly Placed[] {
  const placed = placedIn(body)
  if (placed.length !== expected)
    throw new CliError(
      `the answer names ${placed.length} positions for ${expected} events; is --url the address of a Tidewire stack?`,
    )
  return placed
}

function placedIn(body: unknown): readonly Placed[] {
  const events: readonly unknown[] = isJsonObject(body) && Array.isArray(body.events) ? body.events : []
  return events.filter(isPlaced)
}

function isPlaced(value: unknown): value is Placed {
  return isJsonObject(value) && typeof value.topic === 'string' && typeof value.partition === 'number'
}

function faultsOf(body: unknown, name: 'errors' | 'warnings'): readonly JsonObject[] {
  const faults: unknown = isJsonObject(body) ? body[name] : undefined
  return Array.isArray(faults) ? faults.filter(isJsonObject) : []
}

/** Index in the batch → the reasons, joined. */
function readReasons(faults: readonly JsonObject[], length: number): ReadonlyMap<number, string> {
  const reasons = new Map<number, string>()
  for (const error of faults) {
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
