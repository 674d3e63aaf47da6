import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Clock } from '#shared/pipeline/poll.ts'
import type { ReplayTarget, SendResult } from './replay-events.ts'
import { ReplayFailure } from './run-replay.ts'

/** A response, as far as it matters here. `retryAfter` is the header of that name. */
export type PostReply = { readonly status: number; readonly retryAfter?: string }

/**
 * Posts to a URL, following no redirect. Throws if there is no response in time, and ReplayFailure where the name of the
 * URL leads to an address that is not public.
 */
export type PostToUrl = (
  url: string,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
) => Promise<PostReply>

type UrlDeps = {
  readonly post: PostToUrl
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
}

/** How often a batch is posted before the replay is left to a later worker. */
const TRIES = 5
const FIRST_PAUSE_MS = 1000
/** A server may ask for a longer pause than the worker has: the next one goes on then. */
const LONGEST_PAUSE_MS = 60_000
/** A batch larger than this is posted in parts. */
const BODY_BYTES = 256 * 1024

const GONE = 410
const isPassing = (status: number) => status === 408 || status === 425 || status === 429 || status >= 500

/**
 * Returns a URL as the target of a replay: each batch is posted as a CloudEvents batch, signed as Standard Webhooks does
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). A timeout, 408, 425, 429 and
 * 5xx are tried again, after `Retry-After` if it is given; any other status but 2xx refuses the batch for good, and 410 the
 * whole replay.
 */
export function urlTarget(url: string, secret: string, { post, clock, random }: UrlDeps): ReplayTarget {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')

  async function sendBody(body: string, id: string, signal: AbortSignal): Promise<SendResult> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted()
      const timestamp = Math.floor(clock.now() / 1000)
      const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
      const headers = {
        'content-type': 'application/cloudevents-batch+json; charset=utf-8',
        'user-agent': 'Tidewire',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${mac}`,
      }
      const reply = await post(url, { headers, body }).catch((error: unknown) => {
        if (error instanceof ReplayFailure) throw error
        return null
      })
      if (reply && reply.status >= 200 && reply.status < 300) return { isTaken: true }
      if (reply?.status === GONE) throw new ReplayFailure('The URL answered 410: it takes nothing any more.')
      const reason = reply ? `the URL answered ${reply.status}` : 'the URL did not respond in time'
      if (reply && !isPassing(reply.status)) return { isTaken: false, reason }
      if (tries >= TRIES) throw new Refusal('unavailable', `${reason}, ${tries} times`)
      await clock.sleep(pauseAfter(tries, reply?.retryAfter))
    }
  }

  /** Milliseconds: what the server asks for, otherwise full jitter under a doubling ceiling. */
  function pauseAfter(tries: number, retryAfter: string | undefined): number {
    const asked = retryAfter === undefined ? null : readRetryAfter(retryAfter, clock.now())
    const ceiling = FIRST_PAUSE_MS * 2 ** tries
    return Math.min(LONGEST_PAUSE_MS, asked ?? ceiling / 2 + (random() * ceiling) / 2)
  }

  return {
    async send(events, batch, signal) {
      const bodies = bodiesOf(events.map(({ event }) => event))
      for (const [index, body] of bodies.entries()) {
        const result = await sendBody(body, index === 0 ? batch : `${batch}.${index}`, signal)
        if (!result.isTaken) return result
      }
      return { isTaken: true }
    },
  }
}

/** Returns the JSON of batches that are small enough each, unless a single event is larger. */
function bodiesOf(events: readonly CloudEvent[]): string[] {
  const bodies: string[] = []
  let pending: string[] = []
  let size = 0
  for (const json of events.map((event) => JSON.stringify(event))) {
    if (pending.length > 0 && size + json.length > BODY_BYTES) {
      bodies.push(`[${pending.join(',')}]`)
      pending = []
      size = 0
    }
    pending.push(json)
    size += json.length
  }
  if (pending.length > 0) bodies.push(`[${pending.join(',')}]`)
  return bodies
}

/** Returns the milliseconds of a `Retry-After`: seconds or a date (RFC 9110 §10.2.3); null for what is neither. */
function readRetryAfter(text: string, now: number): number | null {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
