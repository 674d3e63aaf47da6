import * as z from 'zod'

// How a sender proves that it sent a request: where the signature is, how it is encoded, and what it covers.
// Everything here can be written as JSON, so a sender that is not built in is one entry of the configuration.

const PART = /\{([a-z0-9-]+)(?::([^{}]+))?\}/g
const PLAIN_PARTS = new Set([
  'body',
  'body-sha256',
  'body-crc32',
  'timestamp',
  'url',
  'url-decoded',
  'method',
  'form',
  'secret',
])
const NAMED_PARTS = new Set(['header', 'field', 'lines'])

/** The name of a header, in lower case as in the requests of the HTTP adapter. */
export const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/, 'must be a header name in lower case')

/** A JSON pointer into the body: of JSON by its members, of a form by its field names. */
export const pointer = z.string().regex(/^(?:\/[^/]*)+$/, 'must be a JSON pointer such as "/data/id"')

const text = z.string().min(1)
const ONE_PLACE = 'must name either a header or a field of the body'
const isOnePlace = ({ header, field }: { header?: string | undefined; field?: string | undefined }) =>
  (header === undefined) !== (field === undefined)

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
  .refine(isOnePlace, { message: ONE_PLACE })

/** A week: what repeats within it is one event, because ids are kept for as long. */
const tolerance = z.number().int().min(1).max(604_800).optional()

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
    tolerance,
    optional: z.boolean().optional(),
  })
  .refine(
    ({ header, field, pair }) => [header, field, pair].filter((place) => place !== undefined).length === 1,
    {
      message: 'must name one of: a header, a field of the body, a pair of the signature',
    },
  )
export type Timestamp = z.infer<typeof timestamp>

/** An address in which `*` is a run of letters, digits, `-` and `_`: never a dot, a slash or the beginning of a query. */
export const addressPattern = z
  .string()
  .regex(
    /^https:\/\/[a-z0-9*.-]+\/[A-Za-z0-9._~*/-]*$/,
    'must be an https address such as "https://*.acme.example/*.pem"',
  )

/**
 * Where a certificate is that has the key: the request names its address, which must match one of `addresses`. It must be
 * for a host that matches one of `names`.
 */
const certificate = z
  .strictObject({
    header: headerName.optional(),
    field: pointer.optional(),
    addresses: z.array(addressPattern).min(1),
    names: z.array(text).min(1).optional(),
  })
  .refine(isOnePlace, { message: ONE_PLACE })

/** What the body must have for a scheme to be used: text by pointers. */
const condition = z.record(pointer, z.string()).optional()

const signed = z
  .strictObject({
    algorithm: z.enum([
      'hmac-sha1',
      'hmac-sha256',
      'hmac-sha384',
      'hmac-sha512',
      'ed25519',
      'ecdsa-sha256',
      'rsa-sha1',
      'rsa-sha256',
    ]),
    signature: signaturePlace,
    encoding: z.enum(['hex', 'base64']),
    /**
     * What is signed: text with the parts `{body}` (raw bytes), `{body-sha256}` (hex), `{body-crc32}` (decimal),
     * `{timestamp}` (as it was sent), `{url}`, `{url-decoded}`, `{method}`, `{form}` (names and values of a form, sorted,
     * joined by nothing), `{header:name}`, `{field:/pointer}` (`{field:/pointer?}` may be missing), `{lines:A,B?}` (name and value of members of a JSON body,
     * each on a line, without those with `?` that are missing) and, with a certificate, `{secret}`.
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
    /** The key is in a certificate, and the secret says whom the delivery is for. */
    certificate: certificate.optional(),
    /** With a certificate: the field of the body that must be the secret, unless `{secret}` is signed. */
    recipient: pointer.optional(),
    when: condition,
  })
  .refine(
    ({ certificate, recipient, content }) => {
      const saysSecret = content.includes('{secret}')
      return certificate === undefined ? !saysSecret && !recipient : saysSecret !== (recipient !== undefined)
    },
    { message: 'with "certificate", and only then, it needs either "recipient" or {secret} in its content' },
  )
  .refine(({ content, timestamp }) => timestamp !== undefined || !content.includes('{timestamp}'), {
    message: 'signs a {timestamp}, so it must say in "timestamp" where that is',
  })
  .refine(({ certificate, algorithm }) => certificate === undefined || /^(?:rsa|ecdsa)/.test(algorithm), {
    message: 'a certificate has a key for rsa or ecdsa',
  })
export type SignedScheme = z.infer<typeof signed>

/**
 * The secret itself is in a header, in a query parameter or in a field of the body, after `prefix` (`Bearer `). A `*` in the
 * pointer of a field is every item of a list, which must all have it.
 */
const token = z
  .strictObject({
    algorithm: z.literal('token'),
    header: headerName.optional(),
    query: text.optional(),
    field: pointer.optional(),
    prefix: text.optional(),
  })
  .refine(
    ({ header, query, field }) => [header, query, field].filter((one) => one !== undefined).length === 1,
    { message: 'must name one of: a header, a query parameter, a field of the body' },
  )
/** HTTP basic authentication; the secret is `user:password`. */
const basic = z.strictObject({ algorithm: z.literal('basic') })

/**
 * A JSON Web Token (RFC 7519) in a header, after `prefix`. Its algorithm is `signing`, and no other that it may name.
 * Without `keys` the secret is its key. With `keys`, the address of the sender's public keys (RFC 7517), the secret is what
 * the token must say: a JSON object of claims, or text that is the claim `secretClaim`; `aud` is by default the URL called.
 */
const jwt = z
  .strictObject({
    algorithm: z.literal('jwt'),
    header: headerName,
    prefix: text.optional(),
    signing: z.enum(['ES256', 'RS256', 'HS256']),
    keys: addressPattern.refine((address) => !address.includes('*'), 'must be one address').optional(),
    secretClaim: text.optional(),
    issuers: z.array(text).min(1).optional(),
    /** The claim with the SHA-256 of the body, in hex. */
    bodyDigest: text.optional(),
    /** Seconds since the claim `iat`. By default 300 for a token without `exp`. */
    tolerance,
  })
  .refine(({ keys, secretClaim }) => (keys === undefined) === (secretClaim === undefined), {
    message: '"keys" and "secretClaim" need each other',
  })
  .refine(({ keys, signing }) => keys === undefined || signing !== 'HS256', {
    message: 'HS256 has no public keys',
  })
export type JwtScheme = z.infer<typeof jwt>

export const schemeSchema = z.discriminatedUnion('algorithm', [signed, token, basic, jwt])
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
