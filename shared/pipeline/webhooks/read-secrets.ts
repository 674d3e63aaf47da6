import { Buffer } from 'node:buffer'

import { localEcKeyPair, localKeyPair } from './keys/local-keys.ts'
import { isPrivateKey } from './keys/public-key.ts'
import { ed25519Key, hmacKey, isPublicKey, withoutMark } from './keys/secret-key.ts'
import type { Scheme } from './scheme.ts'
import { readPublicKey } from './verify.ts'
import { isTokenSecret } from './verify-token.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What is shorter was cut off, or can be guessed. */
const LEAST_LENGTH = 8
const MOST_LENGTH = 8192
const WRONG_FORM = 'has not the form that its scheme needs (docs/webhooks.md)'

/** Returns the variable of a source: `github-labs` has `WEBHOOK_SECRET_GITHUB_LABS`. */
export function secretVariable(source: string): string {
  return `WEBHOOK_SECRET_${source.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Returns the names of the variables that have secrets of a source, in the order in which they are counted: its own and,
 * while a secret is rotated, those beside it from `_2` on.
 */
export function secretVariables(variable: string, env: Environment): string[] {
  const further = Object.keys(env).filter((name) => isBeside(name, variable))
  const numberOf = (name: string) => Number(name.slice(variable.length + 1))
  return [variable, ...further.toSorted((a, b) => numberOf(a) - numberOf(b))]
}

/** Whether a variable is one of those beside another, such as `WEBHOOK_SECRET_STRIPE_2` of `WEBHOOK_SECRET_STRIPE`. */
export function isBeside(name: string, variable: string): boolean {
  return name.startsWith(`${variable}_`) && /^(?:[2-9]|[1-9][0-9]+)$/.test(name.slice(variable.length + 1))
}

/**
 * Returns why the value of a variable cannot be a secret of these schemes, or null. Every character of it counts: there is
 * no list in a variable. With `isLocal` any text may stand for a key pair.
 */
export function secretProblem(secret: string, schemes: readonly Scheme[], isLocal: boolean): string | null {
  if (isPrivateKey(secret)) return 'is a private key, which is for the sender alone; put its public key'
  if (lengthOf(secret, schemes) < LEAST_LENGTH)
    return `is too short to be a secret, which has at least ${LEAST_LENGTH} characters${schemes.some(isBasic) ? ' (of user:password, the password)' : ''}`
  if (secret.length > MOST_LENGTH) return `is longer than ${MOST_LENGTH} characters`
  if (isBrokenStandard(secret, schemes)) return WRONG_FORM
  const standsForKeys = isLocal && schemes.some((scheme) => localKeyOf(scheme, secret) !== null)
  if (standsForKeys || schemes.some((scheme) => fits(secret, scheme))) return null
  return WRONG_FORM
}

const isBasic = ({ algorithm }: Scheme) => algorithm === 'basic'

/**
 * The length of what is secret in a secret: without its mark, without spaces around it, and without the user of a password.
 * Where a token could be meant too, a text with a colon may be either, and opens the source as both.
 */
function lengthOf(secret: string, schemes: readonly Scheme[]): number {
  const colon = secret.indexOf(':')
  const isPassword = schemes.every(isBasic) || (colon > 0 && schemes.some(isBasic))
  return (isPassword ? secret.slice(colon + 1) : withoutMark(secret)).trim().length
}

/** Whether a secret is marked as one of Standard Webhooks and is none. Beside that scheme it is no token either. */
function isBrokenStandard(secret: string, schemes: readonly Scheme[]): boolean {
  const isStandard = schemes.some((scheme) => 'key' in scheme && scheme.key === 'standard')
  return isStandard && !isPublicKey(secret) && hmacKey(secret, 'standard') === null
}

function fits(secret: string, scheme: Scheme): boolean {
  if (scheme.algorithm === 'token') return !isPublicKey(secret)
  if (scheme.algorithm === 'basic') return secret.indexOf(':') > 0 && !isPublicKey(secret)
  if (scheme.algorithm === 'jwt') return isTokenSecret(scheme, secret)
  if (scheme.certificate !== undefined) return !isPublicKey(secret)
  if (scheme.algorithm.startsWith('hmac-')) return hmacKey(secret, scheme.key) !== null
  return readPublicKey(scheme, secret) !== null
}

/**
 * Returns the secrets and, on the local stack, the public keys of the pairs that plain texts stand for, so that nobody has to
 * create keys.
 */
export function withLocalKeys(secrets: readonly string[], schemes: readonly Scheme[]): readonly string[] {
  const keys = schemes.flatMap((scheme) =>
    secrets.map((secret) => localKeyOf(scheme, secret)).filter((key) => key !== null),
  )
  return [...new Set([...secrets, ...keys])]
}

function localKeyOf(scheme: Scheme, secret: string): string | null {
  if (isPublicKey(secret)) return null
  if (scheme.algorithm === 'ed25519')
    return ed25519Key(secret, { marked: false }) === null ? localKeyPair(secret).publicKey : null
  if ('key' in scheme && (scheme.key === 'hex' || scheme.key === 'base64'))
    return fits(secret, scheme) ? null : Buffer.from(secret).toString(scheme.key)
  const signsWithCurve =
    scheme.algorithm === 'jwt'
      ? scheme.signing === 'ES256' && scheme.keys === undefined
      : scheme.algorithm === 'ecdsa-sha256' && scheme.certificate === undefined
  if (!signsWithCurve || fits(secret, scheme)) return null
  return localEcKeyPair(secret).publicKey
}
