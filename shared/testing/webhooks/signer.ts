import { type hex, hmac } from './web-crypto.ts'

/** The secret and the content of a signature. */
export type Signing = {
  readonly secret: string
  readonly body: string
  readonly url: string
  readonly at: Date
}
/** The additions to the request: headers, or a body that contains the signature. */
export type Signature = {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly url?: string
}
export type Signer = (signing: Signing) => Promise<Signature>

/** Returns Unix seconds as text. */
export const seconds = (at: Date) => String(Math.floor(at.getTime() / 1000))
/** Returns Unix milliseconds as text. */
export const millis = (at: Date) => String(at.getTime())

/** Signs only the body, in one header. */
export function bodySigner(
  header: string,
  prefix: string,
  encode: typeof hex,
  hash: 'SHA-1' | 'SHA-256' = 'SHA-256',
): Signer {
  return async ({ secret, body }) => ({
    headers: { [header]: prefix + encode(await hmac(hash, secret, body)) },
  })
}
