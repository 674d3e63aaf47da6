import { Buffer } from 'node:buffer'
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'
import { decodeBase64 } from './encodings.ts'
import { publicKeyFor } from './public-key.ts'

// A secret as an operator writes it down:
//   ed25519   64 hex digits | "ed25519:" 64 hex digits | "whpk_" base64 | PEM      a public key
//   ecdsa, rsa                PEM | the base64 of PEM (public-key.ts)            a public key
//   hmac      text, or base64 or hex if the scheme says so
//   standard  "whsec_" base64 | "v1,whsec_" base64 (Supabase) | text
//   token                                                                       text
//   basic                                                                       "user:password"
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
const PUBLIC_KEY_MARK = /^(?:whpk_|whsk_|ed25519:|\s*-----BEGIN )/
const STANDARD_MARK = /^(?:v1,)?whsec_/
const HEX = /^(?:[0-9a-f]{2})+$/i
/** DER of an Ed25519 public key, before its 32 bytes (RFC 8410). */
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Whether a secret is marked as a public key. It must not be an HMAC secret, because everyone that knows it could
 * sign.
 */
export function isPublicKey(secret: string): boolean {
  return PUBLIC_KEY_MARK.test(secret)
}

/** Returns the HMAC key in a secret; null if the secret does not have the form that the scheme requires. */
export function hmacKey(secret: string, form: SignedScheme['key']): Buffer | null {
  if (secret === '' || isPublicKey(secret)) return null
  if (form === 'hex') return HEX.test(secret) ? Buffer.from(secret, 'hex') : null
  if (form === 'base64') return decodeBase64(secret)
  if (form !== 'standard') return Buffer.from(secret)
  const encoded = secret.replace(STANDARD_MARK, '')
  return encoded === secret ? Buffer.from(secret) : decodeBase64(encoded)
}

/** Returns a secret without what only says in which form it is. */
export function withoutMark(secret: string): string {
  return secret.replace(STANDARD_MARK, '').replace(PUBLIC_KEY_MARK, '')
}

/** Returns the Ed25519 public key in a secret, or null. Bare hex is accepted unless a `marked` key is required. */
export function ed25519Key(secret: string, { marked }: { marked: boolean }): KeyObject | null {
  if (secret.includes('-----BEGIN ')) return publicKeyFor('ed25519', secret)
  const bytes = publicKeyBytes(secret, marked)
  if (bytes?.length !== 32) return null
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: 'der', type: 'spki' })
}

function publicKeyBytes(secret: string, marked: boolean): Buffer | null {
  if (secret.startsWith('whpk_')) return decodeBase64(secret.slice('whpk_'.length))
  const hex = secret.startsWith('ed25519:') ? secret.slice('ed25519:'.length) : marked ? '' : secret
  return HEX.test(hex) ? Buffer.from(hex, 'hex') : null
}
