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
