import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export type Pace = {
  /** Events per second, posted so many at a time, for so many seconds. */
  readonly rate: number
  readonly perPost: number
  readonly seconds: number
}

export type Posted = {
  readonly ms: number
  /** Null where no response came. */
  readonly status: number | null
}

/** A timer is late by up to a millisecond or two. Only what is later is the fault of who made this process wait. */
const TIMER_MS = 2
const POST_WITHIN_MS = 60_000

/**
 * Calls `post` at a steady rate whether or not earlier posts are done (an open loop), with the number of the post and
 * the time from which its latency counts: now, or, if this process is late, the time that was planned, so that a stall
 * is not left out of the figures. Returns how late the posts began, in milliseconds, when all are done.
 */
export async function postAtRate(
  { rate, perPost, seconds }: Pace,
  post: (index: number, from: number) => Promise<unknown>,
): Promise<number[]> {
  const total = Math.max(1, Math.round((rate * seconds) / perPost))
  const interval = (1000 * perPost) / rate
  const begin = performance.now()
  const late: number[] = []
  const underway: Promise<unknown>[] = []
  for (let index = 0; index < total; ) {
    const planned = begin + index * interval
    const now = performance.now()
    if (now < planned) {
      await sleep(planned - now)
      continue
    }
    late.push(now - planned)
    underway.push(post(index, now - planned > TIMER_MS ? planned : now))
    index++
  }
  await Promise.all(underway)
  return late
}

/** Returns a function that posts over keep-alive connections and resolves with the status and the time it took. */
export function poster(url: string, headers: Readonly<Record<string, string>>) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const send = (body: string, contentType: string): Promise<Posted> => {
    const begin = performance.now()
    return new Promise((resolve) => {
      const done = (status: number | null) => resolve({ ms: performance.now() - begin, status })
      const options = {
        agent,
        method: 'POST',
        timeout: POST_WITHIN_MS,
        headers: { ...headers, 'content-type': contentType, 'content-length': Buffer.byteLength(body) },
      }
      const posting = request(url, options, (response) => {
        response.resume()
        response.once('end', () => done(response.statusCode ?? null))
        response.once('error', () => done(null))
      })
      posting.once('timeout', () => posting.destroy())
      posting.once('error', () => done(null))
      posting.end(body)
    })
  }
  return { send, close: () => agent.destroy() }
}
