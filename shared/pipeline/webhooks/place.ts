import * as z from 'zod'
import { fieldAt, readPayload } from './payload.ts'
import type { WebhookRequest } from './webhook-request.ts'

/** Where something is in a request, as one text: `/data/id` in the body, `?name` in the query, or a header's name. */
export const place = z
  .string()
  .regex(/^(?:(?:\/[^/]*)+|\?.+|[!#$%&'*+.^_`|~0-9a-z-]+)$/, 'must be "/pointer", "?parameter" or "header"')

/** Returns what is at a place of a request: JSON in a body, else text; undefined if there is nothing. */
export function valueAt(at: string, { url, headers, body }: WebhookRequest): unknown {
  if (at.startsWith('/')) return fieldAt(readPayload(headers['content-type'], body), at)
  return at.startsWith('?') ? queryParameter(url, at.slice(1)) : headers[at]
}

/** Returns a parameter of the query of a URL; undefined if it is missing, or there is more than one. */
export function queryParameter(url: string, name: string): string | undefined {
  const start = url.indexOf('?')
  const values = start < 0 ? [] : new URLSearchParams(url.slice(start + 1)).getAll(name)
  return values.length === 1 ? values[0] : undefined
}
