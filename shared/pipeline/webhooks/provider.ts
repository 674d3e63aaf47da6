import * as z from 'zod'
import { SEVERITIES } from '#shared/core/severity.ts'

/** What is known of a sender: how it proves itself, and what its requests mean. */
export type Provider = {
  /** The ways in which it signs; one that holds is enough. */
  readonly schemes: readonly Scheme[]
  readonly mapping: Mapping
  readonly challenges?: readonly Challenge[]
}

// How a provider proves that it sent a request, as data: where the signature stands, how it is written, and what it
// signs. Everything here can be written as JSON, so a provider that is not built in is one configuration entry.

const PART = /\{([a-z0-9-]+)(?::([^{}]+))?\}/g
const PLAIN_PARTS = new Set(['body', 'body-sha256', 'timestamp', 'url', 'url-decoded', 'method', 'form'])
const NAMED_PARTS = new Set(['header', 'field'])

/** A header's name in lower case, as requests carry it here. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/, 'must be a header name in lower case')

/** A JSON pointer into the body: of JSON by its members, of a form by its field names. */
const pointer = z.string().regex(/^(?:\/[^/]*)+$/, 'must be a JSON pointer such as "/data/id"')

const text = z.string().min(1)

/**
 * Where the signature stands and how it is laid out: the whole value after `prefix` (`sha256=…`); the values of `key`
 * in a list of pairs (`t=…,v1=…`); or the items of a list that begin with `prefix` (`v1,… v1,…`).
 */
const signaturePlace = z
  .strictObject({
    header: headerName.optional(),
    field: pointer.optional(),
    prefix: text.optional(),
    pairs: z.strictObject({ separator: text.max(1), key: text }).optional(),
    items: z.strictObject({ separator: text.max(1) }).optional(),
  })
  .refine(({ header, field }) => (header === undefined) !== (field === undefined), {
    message: 'must name a header or a field of the body, one of them',
  })

/**
 * When the request was signed: in a header, in a field of the body, or in a pair of the signature's own header.
 * `tolerance` is in seconds, 300 where it is left out. An `optional` one is checked only where it is sent, which is
 * safe for a field of a body that is signed as a whole.
 */
const timestamp = z
  .strictObject({
    header: headerName.optional(),
    field: pointer.optional(),
    pair: text.optional(),
    unit: z.enum(['s', 'ms', 'iso']),
    tolerance: z.number().int().min(1).max(86_400).optional(),
    optional: z.boolean().optional(),
  })
  .refine(
    ({ header, field, pair }) => [header, field, pair].filter((place) => place !== undefined).length === 1,
    {
      message: 'must name a header, a field of the body or a pair of the signature, one of them',
    },
  )
export type Timestamp = z.infer<typeof timestamp>

const signed = z.strictObject({
  algorithm: z.enum(['hmac-sha1', 'hmac-sha256', 'hmac-sha512', 'ed25519']),
  signature: signaturePlace,
  encoding: z.enum(['hex', 'base64']),
  /**
   * What is signed: text with the parts `{body}` (raw bytes), `{body-sha256}` (hex), `{timestamp}` (as it was sent),
   * `{url}`, `{url-decoded}`, `{method}`, `{form}` (names and values of a form, sorted, joined by nothing),
   * `{header:name}` and `{field:/pointer}`.
   */
  content: text.refine(isTemplate, 'has a part that is not known'),
  timestamp: timestamp.optional(),
  /**
   * A query parameter that is the SHA-256 of the body in hex. Where the URL has it, the body must agree and `{form}` is
   * empty; where neither `{form}` nor `{body}` is signed, the URL must have it.
   */
  bodyDigestInQuery: text.optional(),
  /** How a secret becomes the key: its text (`utf8`, usual), its decoded bytes, or Standard Webhooks' `whsec_`. */
  key: z.enum(['utf8', 'base64', 'hex', 'standard']).optional(),
})
export type SignedScheme = z.infer<typeof signed>

/** The secret itself stands in a header, after `prefix` (`Bearer `). */
const token = z.strictObject({ algorithm: z.literal('token'), header: headerName, prefix: text.optional() })
/** HTTP basic authentication; the secret is `user:password`. */
const basic = z.strictObject({ algorithm: z.literal('basic') })

export const schemeSchema = z.discriminatedUnion('algorithm', [signed, token, basic])
export type Scheme = z.infer<typeof schemeSchema>

/** A piece of signed content: literal text, or a part with what it is taken from. */
export type ContentPart = { readonly literal: string } | { readonly part: string; readonly from: string }

/** Takes a content template apart. */
export function parseContent(template: string): ContentPart[] {
  const parts: ContentPart[] = []
  let end = 0
  for (const match of template.matchAll(PART)) {
    if (match.index > end) parts.push({ literal: template.slice(end, match.index) })
    parts.push({ part: match[1] ?? '', from: match[2] ?? '' })
    end = match.index + match[0].length
  }
  if (end < template.length) parts.push({ literal: template.slice(end) })
  return parts
}

function isTemplate(template: string): boolean {
  return parseContent(template).every((piece) => {
    if ('literal' in piece) return true
    return piece.from === '' ? PLAIN_PARTS.has(piece.part) : NAMED_PARTS.has(piece.part)
  })
}

// How a verified request becomes an event, as data. Where several places are given, the first that holds text wins.

/** A place in the request, or a fixed value (only where the field `if` is there). */
const lookup = z.union([
  z.strictObject({ header: headerName }),
  z.strictObject({ field: pointer }),
  z.strictObject({ value: z.string().min(1), if: pointer.optional() }),
])
export type Lookup = z.infer<typeof lookup>

const lookups = z.array(lookup)

export const mappingSchema = z.strictObject({
  /** The body is a CloudEvent, which is taken as it is; nothing else of the mapping counts. */
  cloudevents: z.boolean().optional(),
  /** The event's name: type and category are `<source>.<name>`; its dots begin new segments. */
  name: lookups.optional(),
  /** What is cut off the front of the name. */
  strip: z.string().optional(),
  /** A whole type instead of `<source>.<name>`. */
  type: lookups.optional(),
  /** A whole category instead of `<source>.<name>`. */
  category: lookups.optional(),
  /** The provider's id of the delivery; without one, the SHA-256 of the body. */
  id: lookups.optional(),
  /** Members of a JSON body that change from one attempt to the next: the SHA-256 leaves them out. */
  volatile: z.array(z.string()).optional(),
  subject: lookups.optional(),
  /** RFC 3339 text, or Unix time in seconds or milliseconds. */
  time: lookups.optional(),
  severity: z.strictObject({ from: lookups, values: z.record(z.string(), z.enum(SEVERITIES)) }).optional(),
})
export type Mapping = z.infer<typeof mappingSchema>

/** A verified request that is answered and is no event: all of `when` hold and the field `unless` is not there. */
export const challengeSchema = z.strictObject({
  when: z.record(pointer, z.union([z.string(), z.number()])),
  unless: pointer.optional(),
  /** The JSON that is answered; without `reply` and `echo`, 204. */
  reply: z.record(z.string(), z.unknown()).optional(),
  /** Members of the answer that are taken from the request. */
  echo: z.record(z.string(), pointer).optional(),
})
export type Challenge = z.infer<typeof challengeSchema>
