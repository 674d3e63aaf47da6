import { Buffer } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { seededRandom } from '#shared/core/random.ts'
import { type Attempt, mutatorsFor } from '#shared/testing/webhooks/mutate-request.ts'
import { samples, signSample } from '#shared/testing/webhooks/provider-samples.ts'
import { localKeyPair } from './local-keys.ts'
import { fieldAt, readPayload } from './payload.ts'
import { providers } from './providers/providers.ts'
import type { Scheme } from './scheme.ts'
import { ed25519Key } from './secret-key.ts'
import { verifyWebhook } from './verify.ts'

/** All providers together; the full run is WEBHOOK_MUTATIONS=100000. */
const MUTATIONS = Number(process.env.WEBHOOK_MUTATIONS ?? 8000)
const NOW = new Date('2026-11-21T08:00:00Z')

function schemeOf(name: string, source: string): Scheme {
  const schemes = providers[source]?.schemes ?? []
  const scheme = name.includes('v1a') ? schemes[1] : name === 'gitlab' ? schemes[1] : schemes[0]
  if (scheme === undefined) throw new Error(`no scheme for ${name}`)
  return scheme
}

/**
 * Whether a mutation did not change anything that the signature covers: the same bytes; a list with the same
 * signature beside other items; a form with the same fields (Twilio signs concatenated fields without a separator);
 * a body whose signed fields are the same (Mailgun signs no others); a key that is only written in another case.
 */
function saysTheSame(before: Attempt, after: Attempt, scheme: Scheme): boolean {
  const [a, b] = [before.request, after.request]
  if (before.secret !== after.secret)
    return scheme.algorithm === 'ed25519' && before.secret.toLowerCase() === after.secret.toLowerCase()
  if (before.now.getTime() !== after.now.getTime()) return false
  if (a.url !== b.url || a.method !== b.method) return false
  if (!isDeepStrictEqual(a.headers, b.headers)) return sameItems(a.headers, b.headers, scheme)
  if (Buffer.from(a.body).equals(b.body)) return true
  if (!('content' in scheme)) return false
  if (scheme.content.includes('{form}')) return fieldsRunTogether(a.body) === fieldsRunTogether(b.body)
  if (scheme.signature.field === undefined) return false
  const [old, mutated] = [a, b].map(({ headers, body }) => readPayload(headers['content-type'], body))
  return isDeepStrictEqual(fieldAt(old, '/signature'), fieldAt(mutated, '/signature'))
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
  async (name, sample, index) => {
    const scheme = schemeOf(name, sample.source)
    const text = `local-secret-${sample.source}`
    const secret = scheme.algorithm === 'ed25519' ? localKeyPair(text).publicKey : text
    const original: Attempt = { request: await signSample(sample, text, NOW), secret, now: NOW }
    const isAccepted = ({ request, secret, now }: Attempt) =>
      verifyWebhook({ ...request, schemes: [scheme], secrets: [secret], now }).ok
    expect(isAccepted(original)).toBe(true)
    if (scheme.algorithm === 'ed25519') expect(ed25519Key(secret, { marked: true })).not.toBeNull()

    const random = seededRandom(index + 1)
    const mutators = mutatorsFor(scheme)
    const wanted = Math.ceil(MUTATIONS / samples.length)
    for (let count = 0; count < wanted; ) {
      const mutate = mutators[Math.floor(random() * mutators.length)]
      const mutated = mutate?.(original, random) ?? original
      if (saysTheSame(original, mutated, scheme)) continue
      count++
      if (isAccepted(mutated)) expect.fail(`accepted: ${JSON.stringify(mutated)}`)
    }
  },
  600_000,
)
