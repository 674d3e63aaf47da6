import { isJwks } from 'aws-jwt-verify/jwk'
import {
  type HttpExchange,
  type HttpReply,
  keepAliveRequester,
} from '#shared/adapters/aws/keep-alive-request.ts'
import type { SigningKeyStore } from '#shared/pipeline/signing-key-store.ts'

type Options = {
  readonly store: Pick<SigningKeyStore, 'save'>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly send?: (exchange: HttpExchange) => Promise<HttpReply>
}

const WITHIN_MS = 2900
/** A set of keys is a few KB; an item of the table must stay below 400. */
const MOST_BYTES = 100_000

/**
 * Copies the keys of an issuer into the store: what is at `<issuer>/.well-known/jwks.json`. Throws if they cannot be read
 * or if they are no keys; the store then keeps the last ones.
 */
export async function copyIssuerKeys(issuer: string, { store, now, send }: Options): Promise<void> {
  const { host, pathname, origin } = new URL(`${issuer}/.well-known/jwks.json`)
  const request = send ?? keepAliveRequester(new URL(origin))
  const copied = now()
  const exchange = { method: 'GET', path: pathname, headers: { host }, body: '', timeoutMs: WITHIN_MS }
  const { status, body } = await request(exchange)
  if (status !== 200) throw new Error(`the keys of ${issuer} were answered with ${status}`)
  if (body.length > MOST_BYTES) throw new Error(`the keys of ${issuer} are larger than ${MOST_BYTES} bytes`)
  const jwks = body.toString()
  if (!isKeySet(jwks)) throw new Error(`what ${issuer} has at ${pathname} is no set of keys`)
  await store.save(issuer, { jwks, copied })
}

/** Whether a text is a JSON Web Key Set with a key that can be named. */
export function isKeySet(text: string): boolean {
  try {
    const jwks: Parameters<typeof isJwks>[0] = JSON.parse(text)
    return isJwks(jwks) && jwks.keys.some(({ kid }) => kid !== undefined)
  } catch {
    return false
  }
}
