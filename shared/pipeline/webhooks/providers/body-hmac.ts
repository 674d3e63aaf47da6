import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'

/** Returns the scheme of most senders: HMAC-SHA256 over the body, in a header, behind a prefix such as `sha256=`. */
export function bodyHmac(header: string, encoding: SignedScheme['encoding'], prefix?: string): SignedScheme {
  return {
    algorithm: 'hmac-sha256',
    signature: { header, ...(prefix !== undefined && { prefix }) },
    encoding,
    content: '{body}',
  }
}
