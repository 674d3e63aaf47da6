import { createHash, timingSafeEqual } from 'node:crypto'
import { isPublicKey } from './keys/secret-key.ts'
import { fieldAt, readPayload, textOf } from './payload.ts'
import { queryParameter } from './place.ts'
import type { WebhookRequest } from './webhook-request.ts'

/** Where a sender puts the secret itself: a header, a query parameter, or a field of the body. */
export type TokenPlace = {
  readonly header?: string | undefined
  readonly query?: string | undefined
  readonly field?: string | undefined
  readonly prefix?: string | undefined
}

type Refused = { readonly reason: string; readonly isMissing: boolean; readonly isRepeated?: boolean }

/**
 * Verifies that a request has one of the secrets where its sender puts it. Returns null if it has; otherwise why it has
 * not, and in `isMissing` whether there is nothing at all.
 */
export function refuseToken(
  place: TokenPlace,
  secrets: readonly string[],
  request: WebhookRequest,
): Refused | null {
  const { header, prefix = '' } = place
  const texts = textsAt(place, request)
  if (texts.length === 0) return { reason: `The ${sayPlace(place)} is missing.`, isMissing: true }
  const form = header === 'authorization' ? lower : (text: string) => text
  // All digests have the same length, so that the comparison reveals nothing about the lengths of the secrets.
  const tokens = secrets.filter((secret) => !isPublicKey(secret))
  const wanted = tokens.map((secret) => digest(form(prefix + secret)))
  const unknown = texts.filter((text) => !isOneOf(wanted, digest(form(text))))
  if (unknown.length === 0) return null
  // API Gateway joins headers with one name by a comma.
  const isRepeated = header !== undefined && unknown.some((text) => text.includes(','))
  if (isRepeated && !tokens.some((secret) => secret.includes(',')))
    return {
      reason: `The header "${header}" came several times: send it once.`,
      isMissing: false,
      isRepeated,
    }
  return { reason: 'No configured secret matches.', isMissing: false }
}

function textsAt({ header, query, field }: TokenPlace, { url, headers, body }: WebhookRequest): string[] {
  if (field !== undefined) return fieldsAt(readPayload(headers['content-type'], body), field)
  const text = query === undefined ? headers[header ?? ''] : queryParameter(url, query)
  return text ? [text] : []
}

/**
 * Returns the texts at a JSON pointer in which `*` is every item of a list. An item without one has an empty text, which is
 * no secret.
 */
function fieldsAt(payload: unknown, pointer: string): string[] {
  const [list, rest] = pointer.split('/*', 2)
  if (rest === undefined) return [textOf(fieldAt(payload, pointer)) ?? []].flat()
  const items = fieldAt(payload, list ?? '')
  return Array.isArray(items) ? items.map((item) => textOf(fieldAt(item, rest)) ?? '') : []
}

function isOneOf(wanted: readonly Buffer[], given: Buffer): boolean {
  let isMatch = false
  for (const one of wanted) if (timingSafeEqual(one, given)) isMatch = true
  return isMatch
}

/** The name of a way to authenticate has no case (RFC 9110 §11.1); a prefix of any other header is taken as it is. */
const AUTHENTICATION = /^(bearer|basic)[ \t]+(?=\S)/i

function lower(value: string): string {
  return value.replace(AUTHENTICATION, (_, name: string) => `${name.toLowerCase()} `)
}

function sayPlace({ header, query, field }: TokenPlace): string {
  if (header !== undefined) return `header "${header}"`
  return query === undefined ? `field "${field}" of the body` : `query parameter "${query}"`
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
