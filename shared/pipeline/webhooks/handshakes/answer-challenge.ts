import { Buffer } from 'node:buffer'
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { RawNumber } from '#shared/core/json/exact-json.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { writeLog } from '#shared/pipeline/log.ts'
import { isAddressOf } from '#shared/pipeline/webhooks/keys/certificate.ts'
import { hmacKey } from '#shared/pipeline/webhooks/keys/secret-key.ts'
import { textOf } from '#shared/pipeline/webhooks/payload.ts'
import { valueAt } from '#shared/pipeline/webhooks/place.ts'
import { UnexpectedHandshake } from '#shared/pipeline/webhooks/sender-answer.ts'
import type { WebhookRequest } from '#shared/pipeline/webhooks/webhook-request.ts'
import type { Challenge, Condition, Copied } from './challenge.ts'

/** The response to a challenge. `body` is JSON unless it is text. */
export type ChallengeAnswer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Readonly<Record<string, unknown>>
}

/** What a handshake gets, the secret that it brings, and the address that is to be visited. */
export type Handshake = {
  readonly answer: ChallengeAnswer
  readonly secret?: string
  readonly visit?: string
}

/** What a source knows to answer with: its secrets, and what its handshakes may name. */
type Knows = { readonly secrets: readonly string[]; readonly expected: readonly string[] }

/** No provider has longer ones; an echo is no way to make a response of any size. */
const MAX_ECHO = 1024
/** Printable ASCII without what begins markup, so that an echo is text also for a browser that guesses. */
const ECHOED = /^[^\P{ASCII}\p{Cc}<>&"'`]*$/u
/**
 * What is signed in a response could be sent as the body of a delivery, with that signature. So it has only characters
 * of tokens, and `isLikeToken` says which deliveries to refuse.
 */
const TOKEN = /^[A-Za-z0-9._~+/=-]*$/

/**
 * Whether the body of a delivery, as it was sent or decoded, is text that a source would sign for anybody that asks: there
 * are compressed bodies that are such text.
 */
export function isLikeToken(
  challenges: readonly Challenge[],
  ...bodies: readonly (Uint8Array | undefined)[]
): boolean {
  const signs = challenges.some(
    ({ unsigned, text, echo = {}, headers = {} }) =>
      unsigned &&
      [text, ...Object.values(echo), ...Object.values(headers)].some((one) => typeof one === 'object'),
  )
  return signs && bodies.some((body) => body !== undefined && isToken(body))
}

function isToken(body: Uint8Array): boolean {
  return body.length <= MAX_ECHO && TOKEN.test(Buffer.from(body).toString('latin1'))
}

/**
 * Returns the response to a request by which a provider tests the endpoint, or null if none of the challenges fits.
 * Throws UnexpectedHandshake if it names nothing that is expected, and Refusal `malformed` if what it wants to have echoed
 * or kept is missing, too long or no plain text.
 */
export function answerChallenge(
  challenges: readonly Challenge[],
  request: WebhookRequest,
  knows: Knows,
): Handshake | null {
  const challenge = challenges.find((each) => fits(each, request))
  if (challenge === undefined) return null
  assertExpected(challenge, request, knows.expected)
  if (challenge.logged !== undefined)
    writeLog('WARN', 'a provider of webhooks sent what is to be entered there, if it was this provider', {
      text: sayCopy(copyOf(challenge.logged, request, [])),
    })
  const answer = answerOf(challenge, (from) => copyOf(from, request, knows.secrets))
  const { keeps, visits } = challenge
  return {
    answer,
    ...(keeps !== undefined && { secret: secretAt(keeps, request) }),
    ...(visits !== undefined && { visit: addressAt(visits, request) }),
  }
}

const LEAST_SECRET = 8
const MAX_ADDRESS = 2048

function secretAt(at: string, request: WebhookRequest): string {
  const secret = sayCopy(copyOf(at, request, []))
  if (secret.length >= LEAST_SECRET) return secret
  throw new Refusal('malformed', `${sayPlace(at)} is too short to be a secret.`)
}

function addressAt({ at, addresses }: NonNullable<Challenge['visits']>, request: WebhookRequest): string {
  const address = textOf(valueAt(at, request)) ?? ''
  const [base = ''] = address.split('?', 1)
  if (address.length <= MAX_ADDRESS && /^[!-~]+$/.test(address) && isAddressOf(addresses, base))
    return address
  throw new Refusal('malformed', `${sayPlace(at)} is not an address of this sender.`)
}

function answerOf(
  { reply, echo = {}, text, status, headers = {}, contentType }: Challenge,
  copy: (from: Copied) => Copy,
): ChallengeAnswer {
  const own = Object.entries(headers).map(([name, from]) => [name, sayCopy(copy(from))] as const)
  if (contentType !== undefined) own.push(['content-type', contentType])
  const copied: Readonly<Record<string, string>> = Object.fromEntries(own)
  const both = own.length > 0 && { headers: copied }
  if (text !== undefined) {
    const body = sayCopy(copy(text))
    return {
      status: status ?? 200,
      headers: { ...copied, 'content-type': 'text/plain; charset=utf-8' },
      body,
    }
  }
  const echoed = Object.entries(echo).map(([name, from]) => [name, copy(from)] as const)
  if (reply !== undefined || echoed.length > 0)
    return { status: status ?? 200, ...both, body: { ...reply, ...Object.fromEntries(echoed) } }
  return status === undefined ? { status: 204, ...both } : { status, ...both, body: '' }
}

function fits({ method = 'POST', when, unless }: Challenge, request: WebhookRequest): boolean {
  if (request.method !== method) return false
  if (unless !== undefined && valueAt(unless, request) !== undefined) return false
  return Object.entries(when).every(([at, wanted]) => holds(wanted, valueAt(at, request)))
}

function holds(wanted: Condition, value: unknown): boolean {
  if (typeof wanted === 'boolean') return value === wanted || (value !== undefined) === wanted
  if (Array.isArray(wanted)) return typeof value === 'string' && wanted.includes(value)
  return value === wanted
}

function assertExpected(
  { expected, unexpected, refused }: Challenge,
  request: WebhookRequest,
  texts: readonly string[],
): void {
  if (unexpected !== undefined && isOneOf(texts, textOf(valueAt(unexpected, request))))
    throw new UnexpectedHandshake(`${sayPlace(unexpected)} is what this endpoint still expects.`, refused)
  if (expected === undefined || isOneOf(texts, textOf(valueAt(expected, request)))) return
  const detail =
    texts.length === 0
      ? 'There is nothing that a handshake of this source may name. Set its variable WEBHOOK_VERIFY_….'
      : `${sayPlace(expected)} is not what is expected here.`
  throw new UnexpectedHandshake(detail, refused)
}

/** All digests have the same length, so that the comparison reveals nothing about what is expected. */
function isOneOf(texts: readonly string[], text = ''): boolean {
  const given = digest(text)
  let isExpected = false
  for (const one of texts) if (timingSafeEqual(digest(one), given)) isExpected = true
  return isExpected
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** A number is echoed as one, with the digits that were sent. */
type Copy = string | number | RawNumber

function sayCopy(copy: Copy): string {
  return textOf(copy) ?? ''
}

function copyOf(from: Copied, request: WebhookRequest, [secret]: readonly string[]): Copy {
  const at = typeof from === 'string' ? from : from.mac
  const value = valueAt(at, request)
  const text = textOf(value)
  if (text === undefined) throw new Refusal('malformed', `${sayPlace(at)} is missing.`)
  const isPlain = (typeof from === 'string' ? ECHOED : TOKEN).test(text)
  if (text.length > MAX_ECHO || !isPlain)
    throw new Refusal('malformed', `${sayPlace(at)} must be plain text of at most ${MAX_ECHO} characters.`)
  if (typeof from === 'string') return typeof value === 'string' ? text : (value as number | RawNumber)
  const key = hmacKey(secret ?? '', 'utf8')
  if (key === null) throw new Error('a source without a secret of text signs no response')
  const mac = createHmac(from.algorithm.slice('hmac-'.length), key).update(text)
  return (from.prefix ?? '') + mac.digest(from.encoding)
}

function sayPlace(at: string): string {
  if (at.startsWith('/')) return `The field "${at}" of the body`
  return at.startsWith('?') ? `The query parameter "${at.slice(1)}"` : `The header "${at}"`
}
