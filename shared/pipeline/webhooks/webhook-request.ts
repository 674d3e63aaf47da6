import { Refusal } from '#shared/core/refusal.ts'
import type { Scheme } from './scheme.ts'

/** A request as a sender's signature sees it: header names in lower case, the body as the bytes that were sent. */
export type WebhookRequest = {
  readonly method: string
  /** The public URL that the sender called, with its query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
  /** The bytes that were sent, if the body had a content coding: `body` is what they are without it. */
  readonly sentBody?: Uint8Array
}

const PARAMETER = 'access_token'

/**
 * Returns a delivery of CloudEvents with the token in its header that it has in its query, where senders put it that cannot
 * set headers (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#32-uri-query-parameter). The
 * token is no part of the URL any more, so that nothing that is made of it has the token. Throws Refusal `malformed` if it
 * is in both places or twice: RFC 6750 §2 has one way for each request.
 */
export function withAccessToken<Request extends WebhookRequest>(
  request: Request,
  {
    schemes,
    mapping,
  }: { readonly schemes: readonly Scheme[]; readonly mapping: { readonly cloudevents?: unknown } },
): Request {
  const isTaken = schemes.some(
    ({ algorithm, ...place }) =>
      algorithm === 'token' && 'header' in place && place.header === 'authorization',
  )
  const start = request.url.indexOf('?')
  if (!mapping.cloudevents || !isTaken || request.method !== 'POST' || start < 0) return request
  const query = new URLSearchParams(request.url.slice(start + 1))
  const [token, ...more] = query.getAll(PARAMETER)
  if (token === undefined) return request
  if (more.length > 0) throw new Refusal('malformed', `The query has "${PARAMETER}" twice: send it once.`)
  if (request.headers.authorization !== undefined) {
    const detail = `The token is in the header "authorization" and in "${PARAMETER}" of the query: send it in the header alone.`
    throw new Refusal('malformed', detail)
  }
  query.delete(PARAMETER)
  const rest = query.size === 0 ? '' : `?${query}`
  const headers = { ...request.headers, ...(token !== '' && { authorization: `Bearer ${token}` }) }
  return { ...request, headers, url: request.url.slice(0, start) + rest }
}
