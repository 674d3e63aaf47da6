import type { KeyObject } from 'node:crypto'

// Signatures with WebCrypto, so that the tests share no code with the implementation that they test.

const utf8 = new TextEncoder()

/** Returns the HMAC of a text. A key that is a string is encoded as UTF-8. */
export async function hmac(
  hash: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512',
  key: string | Uint8Array<ArrayBuffer>,
  content: string,
): Promise<Uint8Array> {
  const bytes = typeof key === 'string' ? utf8.encode(key) : key
  const imported = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, utf8.encode(content)))
}

export async function sha256Hex(content: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(content))))
}

/** Ed25519 with the key whose seed is the SHA-256 of the secret (docs/webhooks.md, "Key pairs on your machine"). */
export async function ed25519(secret: string, content: string): Promise<Uint8Array> {
  const seed = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(secret)))
  const der = new Uint8Array([...fromHex('302e020100300506032b657004220420'), ...seed])
  const key = await crypto.subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('Ed25519', key, utf8.encode(content)))
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

function fromHex(text: string): number[] {
  return (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
}

export function base64Url(bytes: Uint8Array): string {
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** RSA with the padding of PKCS #1 v1.5. */
export async function rsaSignature(key: KeyObject, hash: 'SHA-1' | 'SHA-256', content: string) {
  const der = new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }))
  const imported = await crypto.subtle.importKey('pkcs8', der, { name: 'RSASSA-PKCS1-v1_5', hash }, false, [
    'sign',
  ])
  return new Uint8Array(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', imported, utf8.encode(content)))
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' }
/** DER of a private key of P-256, before its 32 bytes (RFC 5915 in RFC 5208). */
const P256_PREFIX = '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420'

/** ECDSA on P-256 with the private key that is the SHA-256 of the secret: two numbers of 32 bytes. */
export async function ecdsa(secret: string, content: string): Promise<Uint8Array> {
  const seed = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(secret)))
  const der = new Uint8Array([...fromHex(P256_PREFIX), ...seed])
  const key = await crypto.subtle.importKey('pkcs8', der, P256, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign({ ...P256, hash: 'SHA-256' }, key, utf8.encode(content)))
}

/** Returns a signature of ECDSA in DER (RFC 3279 §2.2.3). */
export function derOf(signature: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const first = bytes.findIndex((byte) => byte !== 0)
    const digits = [...bytes.subarray(first)]
    const number = (digits[0] ?? 0) < 0x80 ? digits : [0, ...digits]
    return [2, number.length, ...number]
  }
  const content = [...integer(signature.subarray(0, 32)), ...integer(signature.subarray(32))]
  return new Uint8Array([0x30, content.length, ...content])
}
