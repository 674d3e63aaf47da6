import { fieldAt, readPayload, textOf } from './payload.ts'
import type { SignedScheme } from './scheme.ts'
import type { WebhookRequest } from './signed-content.ts'

/** Longer than every signature header there is; what is longer is not looked at. */
const MAX_LENGTH = 4096
/** Senders that rotate secrets sign twice or thrice; each signature costs one comparison per secret. */
const MAX_SIGNATURES = 16

export type Signatures =
  /** The texts that claim to be signatures, and the pairs around them. */
  | { readonly texts: readonly string[]; readonly pairs: ReadonlyMap<string, readonly string[]> }
  | { readonly reason: string; readonly isMissing: boolean }

/** Finds the signatures of a request in the place and layout that a scheme names. */
export function readSignatures({ signature }: SignedScheme, request: WebhookRequest): Signatures {
  const { header, field, prefix = '', pairs, items } = signature
  const where = header === undefined ? `field "${field}" of the body` : `header "${header}"`
  const text = header === undefined ? fieldOf(request, field ?? '') : request.headers[header]
  if (!text) return { reason: `The ${where} is missing.`, isMissing: true }
  if (text.length > MAX_LENGTH) return { reason: `The ${where} is too long.`, isMissing: false }
  const byKey = pairs ? readPairs(text, pairs.separator) : new Map<string, string[]>()
  const entries = pairs ? (byKey.get(pairs.key) ?? []) : items ? text.split(items.separator) : [text]
  const texts = entries.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length))
  if (texts.length === 0)
    return { reason: `The ${where} holds no signature of this scheme.`, isMissing: true }
  if (texts.length > MAX_SIGNATURES)
    return { reason: `The ${where} holds too many signatures.`, isMissing: false }
  return { texts, pairs: byKey }
}

function fieldOf({ headers, body }: WebhookRequest, pointer: string): string | undefined {
  return textOf(fieldAt(readPayload(headers['content-type'], body), pointer))
}

function readPairs(text: string, separator: string): Map<string, string[]> {
  const byKey = new Map<string, string[]>()
  for (const pair of text.split(separator)) {
    const at = pair.indexOf('=')
    if (at < 0) continue
    const key = pair.slice(0, at)
    byKey.set(key, [...(byKey.get(key) ?? []), pair.slice(at + 1)])
  }
  return byKey
}
