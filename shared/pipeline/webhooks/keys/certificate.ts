import { type KeyObject, X509Certificate } from 'node:crypto'
import type { SenderKey } from '#shared/pipeline/sender-key-store.ts'
import { payloadText } from '#shared/pipeline/webhooks/payload.ts'
import type { Refused } from '#shared/pipeline/webhooks/refused.ts'
import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'
import type { WebhookRequest } from '#shared/pipeline/webhooks/webhook-request.ts'
import { isKeyFor } from './public-key.ts'

/** Where senders publish their keys, by address, as far as it was copied. */
export type KnownKeys = ReadonlyMap<string, SenderKey>

const MAX_ADDRESS = 512
const UNKNOWN = 'The certificate of the signature is not known here.'

/**
 * Whether an address is one that a pattern allows. It is compared as text: what a parser of addresses makes of user names,
 * escapes or backslashes does not matter.
 */
export function isAddressOf(patterns: readonly string[], address: string): boolean {
  return address.length <= MAX_ADDRESS && isTextOf(patterns, address)
}

function isTextOf(patterns: readonly string[], given: string): boolean {
  return patterns.some((pattern) => {
    const text = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, (letter) =>
      letter === '*' ? '[A-Za-z0-9_-]+' : `\\${letter}`,
    )
    return new RegExp(`^${text}$`).test(given)
  })
}

/** Returns the address of the certificate that a request names, or why it is refused unread. */
function certificateAddress(
  { certificate }: SignedScheme,
  { headers, body }: WebhookRequest,
): { address: string } | { reason: string; isMissing: boolean } {
  const { header, field = '', addresses = [] } = certificate ?? {}
  const where = header === undefined ? `field "${field}" of the body` : `header "${header}"`
  const address = header === undefined ? payloadText(headers['content-type'], body, field) : headers[header]
  if (!address) return { reason: `The ${where} is missing.`, isMissing: true }
  if (isAddressOf(addresses, address)) return { address }
  return { reason: `The ${where} is not an address of this sender.`, isMissing: false }
}

/** Returns the key of the certificate that a request names, or why it is not to be used. */
export function certificateKey(
  scheme: SignedScheme,
  request: WebhookRequest,
  { known, now }: { readonly known: KnownKeys; readonly now: Date },
): { key: KeyObject } | Refused {
  const found = certificateAddress(scheme, request)
  if ('reason' in found) return found
  const { address } = found
  const published = known.get(address)
  const refused = (reason: string) => ({ reason, isMissing: false })
  if (published === undefined) return { ...refused(UNKNOWN), need: { address, copiedAfter: 0 } }
  const certificate = readCertificate(published)
  if (certificate === null) return refused(UNKNOWN)
  if (now < certificate.validFromDate || now > certificate.validToDate)
    return refused('The certificate of the signature has expired, or is not valid yet.')
  const { names } = scheme.certificate ?? {}
  if (names !== undefined && !namesOf(certificate).some((name) => isTextOf(names, name)))
    return refused('The certificate of the signature is for another name.')
  const { publicKey: key } = certificate
  return isKeyFor(scheme.algorithm, key) ? { key } : refused('The certificate has no key of this scheme.')
}

/** Returns the hosts that a certificate is for: those of its alternative names, or without these its common name. */
function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  const [text, mark] = subjectAltName === undefined ? [subject ?? '', /^CN=/] : [subjectAltName, /^DNS:/]
  const entries = text.split(subjectAltName === undefined ? '\n' : ', ')
  return entries.filter((entry) => mark.test(entry)).map((entry) => entry.replace(mark, ''))
}

const certificates = new WeakMap<SenderKey, X509Certificate | null>()

/** The first certificate of a text in PEM is that of the signature; others would be of who issued it. */
function readCertificate(published: SenderKey): X509Certificate | null {
  const known = certificates.get(published)
  if (known !== undefined) return known
  const certificate = parseCertificate(published.text)
  certificates.set(published, certificate)
  return certificate
}

function parseCertificate(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text)
  } catch {
    return null // not a certificate: nothing is verified with it
  }
}
