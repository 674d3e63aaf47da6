import * as z from 'zod'
import { SEVERITIES } from '#shared/core/severity.ts'

// How a provider proves that it sent a request: where the signature is, how it is encoded, and what it covers.
// Everything here can be written as JSON, so a provider that is not built in is one entry of the configuration.

const PART = /\{([a-z0-9-]+)(?::([^{}]+))?\}/g
const PLAIN_PARTS = new Set(['body', 'body-sha256', 'timestamp', 'url', 'url-decoded', 'method', 'form'])
const NAMED_PARTS = new Set(['header', 'field'])

/** The name of a header, in lower case as in the requests of the HTTP adapter. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/, 'must be a header name in lower case')

/** A JSON pointer into the body: of JSON by its members, of a form by its field names. */
const pointer = z.string().regex(/^(?:\/[^/]*)+$/, 'must be a JSON pointer such as "/data/id"')

const text = z.string().min(1)

/**
 * Where the signature is, and in which layout: the whole value after `prefix` (`sha256=…`); the values of `key` in a
 * list of pairs (`t=…,v1=…`); or the items of a list that begin with `prefix` (`v1,… v1,…`).
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
    message: 'must name either a header or a field of the body',
  })

/**
 * When the request was signed: in a header, in a field of the body, or in a pair of the signature's own header.
 * `tolerance` is in seconds, by default 300. An `optional` timestamp is checked only if it is sent, which is safe for a
 * field of a body that is signed as a whole.
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
      message: 'must name one of: a header, a field of the body, a pair of the signature',
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
  content: text.refine(isTemplate, 'has an unknown part'),
  timestamp: timestamp.optional(),
  /**
   * A query parameter with the SHA-256 of the body in hex. If the URL has it, the body must match and `{form}` is empty.
   * If neither `{form}` nor `{body}` is signed, the URL must have it.
   */
  bodyDigestInQuery: text.optional(),
  /**
   * How a secret becomes the key: its text (`utf8`, the default), its decoded bytes, or Standard Webhooks' `whsec_`.
   */
  key: z.enum(['utf8', 'base64', 'hex', 'standard']).optional(),
})
export type SignedScheme = z.infer<typeof signed>

/** The secret itself is in a header, after `prefix` (`Bearer `). */
const token = z.strictObject({ algorithm: z.literal('token'), header: headerName, prefix: text.optional() })
/** HTTP basic authentication; the secret is `user:password`. */
const basic = z.strictObject({ algorithm: z.literal('basic') })

export const schemeSchema = z.discriminatedUnion('algorithm', [signed, token, basic])
export type Scheme = z.infer<typeof schemeSchema>

/** A piece of signed content: literal text, or a part with what it is taken from. */
export type ContentPart = { readonly literal: string } | { readonly part: string; readonly from: string }

/** Splits a content template into its pieces. */
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

// How a verified request becomes an event. Of several places, the first that has text is used.

/** A place in the request, or a fixed value (only if the field `if` exists). */
const lookup = z.union([
  z.strictObject({ header: headerName }),
  z.strictObject({ field: pointer }),
  z.strictObject({ value: z.string().min(1), if: pointer.optional() }),
])
export type Lookup = z.infer<typeof lookup>

const lookups = z.array(lookup)

export const mappingSchema = z.strictObject({
  /** The body is a CloudEvent and is used unchanged; the rest of the mapping is ignored. */
  cloudevents: z.boolean().optional(),
  /** The event's name: type and category are `<source>.<name>`; its dots begin new segments. */
  name: lookups.optional(),
  /** A prefix to remove from the name. */
  strip: z.string().optional(),
  /** A whole type instead of `<source>.<name>`. */
  type: lookups.optional(),
  /** A whole category instead of `<source>.<name>`. */
  category: lookups.optional(),
  /** The provider's id of the delivery; without one, the SHA-256 of the body. */
  id: lookups.optional(),
  /** Members of a JSON body that differ between attempts; the SHA-256 does not include them. */
  volatile: z.array(z.string()).optional(),
  subject: lookups.optional(),
  /** RFC 3339 text, or Unix time in seconds or milliseconds. */
  time: lookups.optional(),
  severity: z.strictObject({ from: lookups, values: z.record(z.string(), z.enum(SEVERITIES)) }).optional(),
})
export type Mapping = z.infer<typeof mappingSchema>

/**
 * A verified request that gets an answer and is not an event: all of `when` match, and the field `unless` is missing.
 */
export const challengeSchema = z.strictObject({
  when: z.record(pointer, z.union([z.string(), z.number()])),
  unless: pointer.optional(),
  /** The JSON body of the response; without `reply` and `echo` it is 204. */
  reply: z.record(z.string(), z.unknown()).optional(),
  /** Members of the response that are copied from the request. */
  echo: z.record(z.string(), pointer).optional(),
})
export type Challenge = z.infer<typeof challengeSchema>

/** A sender as data: how it signs, and how its requests become events. */
export type Provider = {
  /** The ways in which it signs; one valid signature is enough. */
  readonly schemes: readonly Scheme[]
  readonly mapping: Mapping
  readonly challenges?: readonly Challenge[]
}
