import { Refusal } from '#shared/core/refusal.ts'
import type { HttpResponse } from './http-message.ts'
import { problemResponse } from './problem.ts'

type Bucket = { tokens: number; at: number }
type Respond = () => Promise<HttpResponse>

/** Credentials that are remembered; the one that was idle longest is forgotten first, and its bucket is full again. */
const MOST_BUCKETS = 10_000

/**
 * Limits the requests of each credential to `perSecond` by a token bucket with the tokens of one second; 0 is unlimited.
 * Responses have the headers `RateLimit-Policy` and `RateLimit`
 * (https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-11); above the limit they are 429.
 * The buckets are in memory, so a limit applies to each function instance; the gateway's throttle applies to all of them.
 */
export function rateLimiter(perSecond: number, now: () => number = () => performance.now()) {
  const buckets = new Map<string, Bucket>()

  function take(credential: string): { isAllowed: boolean; tokens: number } {
    const time = now()
    const { tokens, at } = buckets.get(credential) ?? { tokens: perSecond, at: time }
    const filled = Math.min(perSecond, tokens + (Math.max(0, time - at) / 1000) * perSecond)
    const isAllowed = filled >= 1
    const left = isAllowed ? filled - 1 : filled
    buckets.delete(credential)
    buckets.set(credential, { tokens: left, at: time })
    const [oldest] = buckets.keys()
    if (buckets.size > MOST_BUCKETS && oldest !== undefined) buckets.delete(oldest)
    return { isAllowed, tokens: left }
  }

  return async (credential: string, respond: Respond): Promise<HttpResponse> => {
    if (perSecond === 0) return respond()
    const { isAllowed, tokens } = take(credential)
    const response = await (isAllowed ? respond() : refuse(perSecond)).catch(problemResponse)
    const untilFull = Math.ceil((perSecond - tokens) / perSecond)
    const headers = {
      'ratelimit-policy': `"default";q=${perSecond};w=1`,
      ratelimit: `"default";r=${Math.floor(tokens)};t=${untilFull}`,
    }
    return { ...response, headers: { ...response.headers, ...headers } }
  }
}

async function refuse(perSecond: number): Promise<never> {
  const detail = `These credentials may send ${perSecond} requests per second; slow down, or send batches.`
  throw new Refusal('rate_limited', detail, { retryAfterSeconds: 1 })
}
