import { Buffer } from 'node:buffer'
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { SignedScheme } from './provider.ts'

// A secret as an operator writes it down:
//   ed25519   64 hex digits | "ed25519:" 64 hex digits | "whpk_" base64      a public key
//   hmac      text, or base64 or hex if the scheme says so
//   standard  "whsec_" base64 | text
//   token, basic                                                           text
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
const PUBLIC_KEY_MARK = /^(?:whpk_|whsk_|ed25519:)/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const HEX = /^(?:[0-9a-f]{2})+$/i
/** DER of an Ed25519 key, before its 32 bytes (RFC 8410). */
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

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
  return secret.startsWith('whsec_') ? decodeBase64(secret.slice('whsec_'.length)) : Buffer.from(secret)
}

/** Returns the Ed25519 public key in a secret, or null. Bare hex is accepted unless a `marked` key is required. */
export function ed25519Key(secret: string, { marked }: { marked: boolean }): KeyObject | null {
  const bytes = publicKeyBytes(secret, marked)
  if (bytes?.length !== 32) return null
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: 'der', type: 'spki' })
}

function publicKeyBytes(secret: string, marked: boolean): Buffer | null {
  if (secret.startsWith('whpk_')) return decodeBase64(secret.slice('whpk_'.length))
  const hex = secret.startsWith('ed25519:') ? secret.slice('ed25519:'.length) : marked ? '' : secret
  return HEX.test(hex) ? Buffer.from(hex, 'hex') : null
}

/** Returns the bytes of canonical base64, or null. `Buffer` alone would accept two texts for the same bytes. */
export function decodeBase64(text: string): Buffer | null {
  if (text === '' || !BASE64.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

/** Returns the bytes of hex that is all lower case or all upper case, or null. */
export function decodeHex(text: string): Buffer | null {
  if (!HEX.test(text) || (text !== text.toLowerCase() && text !== text.toUpperCase())) return null
  return Buffer.from(text, 'hex')
}

/**
 * Returns the key pair of a text: its SHA-256 is the seed. For local development only, where a source that needs a key
 * pair should work without one. `publicKey` has the form of a secret.
 */
export function localKeyPair(text: string): { privateKey: KeyObject; publicKey: string } {
  const seed = createHash('sha256').update(text).digest()
  const der = Buffer.concat([PRIVATE_PREFIX, seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { privateKey, publicKey: `ed25519:${spki.subarray(PUBLIC_PREFIX.length).toString('hex')}` }
}
