import { Refusal } from '#shared/core/refusal.ts'
import type { Permit } from '#shared/pipeline/limits/limits.ts'
import type { RateClass } from '#shared/pipeline/limits/rates.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'

type Asked = Pick<HttpRequest, 'method' | 'path' | 'query'>

/** Paths of credentials and accounts. */
const ACCOUNT = /^\/(?:keys|users|session)(?:\/|$)/
/** Reads that are never small. */
const LARGE = /^\/(?:events\.csv|dead-letters|streams|audit)(?:\/|$)/
/** Parameters that make a read search, hold the request, or return everything there is. */
const COSTLY = ['q', 'wait', 'parts']

/** The class of a request with credentials, by what it costs. A route that is added is a read or a write. */
export function rateClassOf({ method, path, query }: Asked): RateClass {
  if (path === '/tickets') return 'tickets'
  if (ACCOUNT.test(path)) return 'account'
  if (method !== 'GET' && method !== 'HEAD') return 'write'
  const isCostly = LARGE.test(path) || COSTLY.some((name) => isSet(query[name]))
  return isCostly ? 'search' : 'read'
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false'
}

/** Rejects with Refusal `rate_limited` unless a request is within its rate. */
export async function assertWithinRate(permit: Permit | null): Promise<void> {
  if (permit === null || (await permit.admitted)) return
  const { kind, perSecond, retryAfterSeconds } = permit
  const who = kind === 'open' || kind === 'webhook' ? 'This address' : 'These credentials'
  const detail = `${who} may send ${perSecond} requests per second of the class "${kind}"; slow down, or send batches.`
  throw new Refusal('rate_limited', detail, { retryAfterSeconds })
}

/**
 * Adds the headers that say how much of a rate is left
 * (https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-11). Unlimited requests get none.
 */
export function withRate(response: HttpResponse, permit: Permit | null): HttpResponse {
  if (permit === null) return response
  const { kind, perSecond, left, resetSeconds } = permit
  const headers = {
    'ratelimit-policy': `"${kind}";q=${perSecond};w=1`,
    ratelimit: `"${kind}";r=${left};t=${resetSeconds}`,
  }
  return { ...response, headers: { ...response.headers, ...headers } }
}
