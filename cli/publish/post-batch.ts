import { setTimeout as sleep } from 'node:timers/promises'
import { cannotReach, failureOf } from '../check-access.ts'
import { CliError } from '../cli-error.ts'

/** An answer that is final: its status and, where it is JSON, its body. */
export type Answer = { readonly status: number; readonly body: unknown }
export type PostBatch = (body: string) => Promise<Answer>

export type PostOptions = {
  readonly url: string
  readonly apiKey: string
  /** How long one batch is tried before the command gives up. */
  readonly timeoutMs: number
  /** The longest wait before the first retry; it doubles up to 30 s. */
  readonly backoffMs: number
  /** Waits for an address where nobody has answered yet, too. */
  readonly isPatient?: boolean
  readonly signal: AbortSignal
  readonly onRetry: (reason: string, waitMs: number) => void
}

type Attempt = Answer & { readonly retryAfterMs: number }

// Ids do not change between attempts, so posting again what was in fact accepted adds nothing.
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504])
/** What a server that is there, but busy or restarting, does to a connection. Anything else is a wrong address at first. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'])
const LONGEST_WAIT_MS = 30_000
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Makes the function that posts a batch. Refused for now (429, 5xx) and a broken connection are tried again with
 * full-jitter backoff, not before Retry-After. Throws CliError when the address does not answer or the time is over.
 */
export function createPostBatch(options: PostOptions): PostBatch {
  let answered = options.isPatient ?? false
  return async (body) => {
    const deadline = Date.now() + options.timeoutMs
    for (let attempt = 0; ; attempt++) {
      const outcome = await tryOnce(body, options, deadline)
      const failed = outcome instanceof Error
      if (!failed && !TRANSIENT.has(outcome.status)) {
        answered = true
        return outcome
      }
      // Where somebody answered before, even a refused connection is worth waiting for: a restart.
      if (failed && !answered && !isBroken(outcome)) throw cannotReach(options.url, outcome)
      answered ||= !failed
      const reason = failed ? explain(outcome) : `it answered ${outcome.status}`
      const waitMs = backoff(attempt, options.backoffMs) + (failed ? 0 : outcome.retryAfterMs)
      if (Date.now() + waitMs > deadline) throw givingUp(options, reason)
      options.onRetry(reason, waitMs)
      await sleep(waitMs, undefined, { signal: options.signal }).catch(() => {
        throw options.signal.reason
      })
    }
  }
}

async function tryOnce(
  body: string,
  { url, apiKey }: PostOptions,
  deadline: number,
): Promise<Attempt | Error> {
  try {
    const response = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json', 'x-api-key': apiKey },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(Math.max(1, Math.min(REQUEST_TIMEOUT_MS, deadline - Date.now()))),
    })
    const text = await response.text()
    return {
      status: response.status,
      body: parseJson(text),
      retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds or a date. */
function readRetryAfter(header: string | null): number {
  if (header === null) return 0
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}

function backoff(attempt: number, firstMs: number): number {
  return Math.random() * Math.min(LONGEST_WAIT_MS, firstMs * 2 ** attempt)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isBroken(error: Error): boolean {
  return error.name === 'TimeoutError' || BROKEN.has(failureOf(error).code)
}

function explain(error: Error): string {
  return error.name === 'TimeoutError' ? 'it did not answer in time' : failureOf(error).reason
}

function givingUp({ url, timeoutMs }: PostOptions, reason: string): CliError {
  return new CliError(
    `${url} did not accept a batch within ${timeoutMs / 1000} s (${reason}); run the same command again later, what is published already is not repeated`,
  )
}
