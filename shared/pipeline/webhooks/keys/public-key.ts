import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'
import { decodeBase64 } from './encodings.ts'

// A public key as an operator writes it down: PEM (a public key or a certificate), with line breaks, with `\n` in their
// place, or on one line, as the environment of a container often has it; the base64 between the lines of PEM alone
// (SendGrid); or a JSON Web Key.

const PEM = /^\s*-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----\s*$/
/** A smaller modulus can be factored. */
const LEAST_RSA_BITS = 2048
/** The curve of ES256 (RFC 7518 §3.4) and of every sender that signs with ECDSA. */
const CURVE = 'prime256v1'

type Algorithm = SignedScheme['algorithm']

/** Whether a text is a private key, which its sender must keep to itself. */
export function isPrivateKey(text: string): boolean {
  return /^\s*-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text) || text.startsWith('whsk_')
}

/** Returns the public key in a text, if it is one for the algorithm; otherwise null. */
export function publicKeyFor(algorithm: Algorithm, text: string): KeyObject | null {
  const key = readKey(text)
  return key !== null && isKeyFor(algorithm, key) ? key : null
}

/** Whether a key is for an algorithm: of its kind, on its curve, and long enough. */
export function isKeyFor(algorithm: Algorithm, key: KeyObject): boolean {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details = {} } = key
  if (algorithm === 'ed25519') return kind === 'ed25519'
  if (algorithm === 'ecdsa-sha256') return kind === 'ec' && details.namedCurve === CURVE
  return kind === 'rsa' && (details.modulusLength ?? 0) >= LEAST_RSA_BITS
}

function readKey(written: string): KeyObject | null {
  const text = written.replaceAll(/\\[nr]/g, '\n')
  const [, label, lines = text] = PEM.exec(text) ?? []
  const der = decodeBase64(lines.replaceAll(/\s/g, ''))
  if (der === null || isPrivateKey(text)) return null
  try {
    if (label === 'CERTIFICATE') return new X509Certificate(der).publicKey
    if (label === 'RSA PUBLIC KEY') return createPublicKey({ key: der, format: 'der', type: 'pkcs1' })
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return null // not a key, so it verifies nothing
  }
}
