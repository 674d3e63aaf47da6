import { Buffer } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { seededRandom } from '#shared/core/random.ts'
import { type Attempt, mutatorsFor } from '#shared/testing/webhooks/mutate-request.ts'
import { samples, signSample } from '#shared/testing/webhooks/provider-samples.ts'
import { publishedKeys } from '#shared/testing/webhooks/published-key-samples.ts'
import type { Sample } from '#shared/testing/webhooks/sample.ts'
import { publicKeyFor } from './keys/public-key.ts'
import { fieldAt, readPayload, textOf } from './payload.ts'
import { providers } from './providers/providers.ts'
import { withLocalKeys } from './read-secrets.ts'
import { parseContent, type Scheme, type SignedScheme } from './scheme.ts'
import { verifyWebhook } from './verify.ts'

/** All providers together; the full run is WEBHOOK_MUTATIONS=100000. */
const MUTATIONS = Number(process.env.WEBHOOK_MUTATIONS ?? 8000)
const NOW = new Date('2026-11-21T08:00:00Z')

function isAcceptedBy(scheme: Scheme, { request, secret, now }: Attempt): boolean {
  return verifyWebhook({ ...request, schemes: [scheme], secrets: [secret], known: publishedKeys, now }).ok
}

/** Returns a delivery with the secret and the scheme that accept it. */
async function acceptedSample(sample: Sample): Promise<{ original: Attempt; scheme: Scheme }> {
  const text = `local-secret-${sample.source}`
  const request = await signSample(sample, text, NOW)
  const schemes = providers[sample.source]?.schemes ?? []
  const pairs = schemes.flatMap((scheme) =>
    withLocalKeys([text], schemes).map((secret) => ({ scheme, original: { request, secret, now: NOW } })),
  )
  const pair = pairs.find(({ scheme, original }) => isAcceptedBy(scheme, original))
  if (pair === undefined) throw new Error(`no scheme of ${sample.source} accepts its sample`)
  return pair
}

/**
 * Whether a mutation did not change anything that the signature covers: the same bytes; a list with the same
 * signature beside other items; a form with the same fields (Twilio signs concatenated fields without a separator);
 * a body whose signed fields are the same (Mailgun signs no others); a key that is only written in another case.
 */
function saysTheSame(before: Attempt, after: Attempt, scheme: Scheme): boolean {
  const [a, b] = [before.request, after.request]
  if (before.secret !== after.secret) return writeTheSameKey(before.secret, after.secret, scheme)
  if (before.now.getTime() !== after.now.getTime()) return false
  if (a.url !== b.url || a.method !== b.method) return false
  if (!isDeepStrictEqual(a.headers, b.headers))
    return sameItems(a.headers, b.headers, scheme) || sameAuthentication(a, b)
  if (Buffer.from(a.body).equals(b.body)) return true
  if (scheme.algorithm === 'token') return clientStates(a) === clientStates(b)
  if (!('content' in scheme)) return false
  if (scheme.content.includes('{form}')) return fieldsRunTogether(a.body) === fieldsRunTogether(b.body)
  if (/\{body/.test(scheme.content)) return false
  return isDeepStrictEqual(signedFields(a, scheme), signedFields(b, scheme))
}

function signedFields({ headers, body }: Attempt['request'], scheme: SignedScheme): unknown[] {
  const payload = readPayload(headers['content-type'], body)
  return fieldsOf(scheme).map((at) => textOf(fieldAt(payload, at)) ?? '')
}

/** The fields of a body that a scheme reads. */
function fieldsOf({
  content,
  signature,
  timestamp,
  certificate,
  recipient,
  when = {},
}: SignedScheme): string[] {
  const parts = parseContent(content).filter((piece) => 'part' in piece)
  const fields = parts.filter(({ part }) => part === 'field').map(({ from }) => from.replace(/\?$/, ''))
  const lines = parts.filter(({ part }) => part === 'lines').flatMap(({ from }) => from.split(','))
  const named = [signature.field, timestamp?.field, certificate?.field, recipient, ...Object.keys(when)]
  const pointers = lines.map((name) => `/${name.replace('?', '')}`)
  return [...fields, ...pointers, ...named.filter((pointer) => pointer !== undefined)]
}

/** Microsoft Graph repeats the secret in each change. */
function clientStates({ headers, body }: Attempt['request']): string {
  const changes = fieldAt(readPayload(headers['content-type'], body), '/value')
  return JSON.stringify(
    Array.isArray(changes) ? changes.map((change) => fieldAt(change, '/clientState')) : body,
  )
}

function isHex(scheme: Scheme): boolean {
  return scheme.algorithm === 'ed25519' || ('key' in scheme && scheme.key === 'hex')
}

/** A key in hex has no case, one in base64 has spaces and other forms, and a bearer token does not begin with a space. */
function writeTheSameKey(before: string, after: string, scheme: Scheme): boolean {
  if (isHex(scheme)) return before.toLowerCase() === after.toLowerCase()
  if (scheme.algorithm === 'token' && scheme.header === 'authorization') return before === after.trimStart()
  if (scheme.algorithm !== 'ecdsa-sha256' && scheme.algorithm !== 'jwt') return false
  const [left, right] = [before, after].map((text) => publicKeyFor('ecdsa-sha256', text))
  return left !== null && left !== undefined && right?.equals(left) === true
}

/** The name of a way to authenticate has no case. */
function sameAuthentication(
  { headers: { authorization = '' } }: Attempt['request'],
  after: Attempt['request'],
): boolean {
  const lower = (text: string) =>
    text.replace(/^(bearer|basic)[ \t]+/i, (_, name: string) => `${name.toLowerCase()} `)
  return lower(authorization) === lower(after.headers.authorization ?? '') && authorization !== ''
}

function sameItems(before: Attempt['request']['headers'], after: typeof before, scheme: Scheme): boolean {
  if (!('signature' in scheme)) return false
  const { header = '', pairs, items } = scheme.signature
  const separator = pairs?.separator ?? items?.separator
  if (separator === undefined || before[header] === after[header]) return false
  const left = after[header]?.split(separator) ?? []
  return (before[header] ?? '').split(separator).every((item) => left.includes(item))
}

function fieldsRunTogether(body: Uint8Array): string {
  const fields = [...new URLSearchParams(Buffer.from(body).toString())].sort(([a], [b]) => (a < b ? -1 : 1))
  return fields.flat().join('')
}

test.each(samples.map((sample, index) => [sample.name, sample, index] as const))(
  'no delivery of %s with anything changed in it is accepted',
  async (_name, sample, index) => {
    const { original, scheme } = await acceptedSample(sample)
    const random = seededRandom(index + 1)
    const mutators = mutatorsFor(scheme)
    const wanted = Math.ceil(MUTATIONS / samples.length)
    for (let count = 0; count < wanted; ) {
      const mutate = mutators[Math.floor(random() * mutators.length)]
      const mutated = mutate?.(original, random) ?? original
      if (saysTheSame(original, mutated, scheme)) continue
      count++
      if (isAcceptedBy(scheme, mutated)) expect.fail(`accepted: ${JSON.stringify(mutated)}`)
    }
  },
  600_000,
)
