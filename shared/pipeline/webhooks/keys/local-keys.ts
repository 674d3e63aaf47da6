import { Buffer } from 'node:buffer'
import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

// Key pairs for local development only, where a source that needs a key pair should work without one: the SHA-256 of a
// text is the private key. A public key has the form of a secret.

type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: string }

/** DER of an Ed25519 key, before its 32 bytes (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_LENGTH = 32

/** Returns the Ed25519 key pair of a text. */
export function localKeyPair(text: string): KeyPair {
  const der = Buffer.concat([PRIVATE_PREFIX, seedOf(text)])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { privateKey, publicKey: `ed25519:${spki.subarray(-PUBLIC_LENGTH).toString('hex')}` }
}

/** Returns the P-256 key pair of a text. One of 2³² texts has none, and throws. */
export function localEcKeyPair(text: string): KeyPair {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(seedOf(text))
  const point = ecdh.getPublicKey()
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: seedOf(text).toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { privateKey, publicKey: spki.toString('base64') }
}

function seedOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
