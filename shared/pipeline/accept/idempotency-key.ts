import { createHash } from 'node:crypto'
import { Refusal } from '#shared/core/refusal.ts'
import type { ClaimKey, ClaimStore } from '#shared/pipeline/claim-store.ts'
import type { HttpMessage } from '#shared/pipeline/cloudevents/http.ts'
import { splitOutsideQuotes } from '#shared/pipeline/cloudevents/media-type.ts'

// https://www.ietf.org/archive/id/draft-ietf-httpapi-idempotency-key-header-07.html, and its value in RFC 8941 §3.3.3:
//   Idempotency-Key = sf-string      sf-string = DQUOTE *(%x20-21 / %x23-5B / %x5D-7E / "\" ( DQUOTE / "\" )) DQUOTE
// Most senders write the key without quotes, as Stripe's interface takes it:
//   bare = 1*(%x21 / %x23-2B / %x2D-3A / %x3C-7E)      no space, quote, comma or semicolon
const SF_STRING = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/
const BARE = /^[!#-+\--:<-~]+$/
const LONGEST_KEY = 256
/** The source under which keys are kept among the claims. No producer has it. */
const KEY_SOURCE = 'urn:tidewire:idempotency-key'

/** A key, and the fingerprint of the request that it belongs to. */
export type Binding = { readonly key: ClaimKey; readonly fingerprint: string }

/**
 * Returns the key in the header `Idempotency-Key`, which is the same one with and without quotes; undefined without the
 * header. Throws Refusal `malformed`. A comma outside quotes is the one by which API Gateway joins several headers.
 */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const quoted = SF_STRING.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1')
  const key = quoted ?? (BARE.test(text) ? text : undefined)
  if (key !== undefined && key.length <= LONGEST_KEY) return key
  const isSeveral = text.length <= MOST_READ && splitOutsideQuotes(text, ',').length > 1
  throw new Refusal('malformed', isSeveral ? `${SEVERAL} ${FORM}` : FORM)
}

const MOST_READ = 4 * LONGEST_KEY
const SEVERAL = 'The header "idempotency-key" came several times, or has a comma without quotes.'
const FORM = `Idempotency-Key is one key of 1 to ${LONGEST_KEY} ASCII characters, such as 8e03978e-40d5-43dd-bc93-6894a57f9324; one with a space, quote, comma or semicolon must be in quotes.`

/**
 * Returns the binding of a request's key, and ids for its events that have none. The same credential and key make the
 * same ids in the same order, so a repeated request repeats its events. `target` is what the request asks for, if its
 * path can be written in several ways.
 */
export function keyRequest(
  credential: string,
  key: string,
  message: HttpMessage,
  target = '',
): { readonly binding: Binding; readonly newId: () => string } {
  const id = createHash('sha256')
    .update(JSON.stringify([credential, key]))
    .digest('hex')
  let made = 0
  return {
    binding: { key: { source: KEY_SOURCE, id }, fingerprint: fingerprintOf(message, target) },
    newId: () => `${id}-${made++}`,
  }
}

/** SHA-256 of the request: its target, its media type, its CloudEvents headers by name, and its bytes. */
function fingerprintOf({ headers, body }: HttpMessage, target: string): string {
  const telling = Object.entries(headers).filter(
    ([name]) => name === 'content-type' || name.startsWith('ce-'),
  )
  const sorted = telling.sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(target).update(JSON.stringify(sorted)).update(body).digest('hex')
}

/** Binds a key to its request, before anything is written. Throws Refusal `idempotency_key_reused` if it is bound to another. */
export async function bindRequest({ key, fingerprint }: Binding, claims: ClaimStore): Promise<void> {
  if ((await claims.bind(key, fingerprint)) === fingerprint) return
  const detail = 'This Idempotency-Key came with another request before; use a new key for each request.'
  throw new Refusal('idempotency_key_reused', detail)
}
