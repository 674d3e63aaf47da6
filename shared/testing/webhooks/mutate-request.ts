import { Buffer } from 'node:buffer'
import type { Scheme } from '#shared/pipeline/webhooks/scheme.ts'
import type { WebhookRequest } from '#shared/pipeline/webhooks/webhook-request.ts'

/** A delivery with its secret and the time of its verification. */
export type Attempt = { readonly request: WebhookRequest; readonly secret: string; readonly now: Date }

/** Seconds after which every token of the samples has expired, by the clocks of a function too. */
const LONGEST_TOKEN = 3700
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))

/** Changes, adds or removes one character. */
function mutateText(text: string, random: () => number): string {
  const at = Math.floor(random() * (text.length + 1))
  const letter = PRINTABLE[Math.floor(random() * PRINTABLE.length)] ?? '~'
  const kind = Math.floor(random() * 3)
  return text.slice(0, at) + (kind < 2 ? letter : '') + text.slice(kind === 0 ? at : at + 1)
}

/** Changes, adds or removes one byte. */
function mutateBytes(bytes: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * (bytes.length + 1))
  const byte = Math.floor(random() * 256)
  const kind = Math.floor(random() * 3)
  const end = bytes.subarray(kind === 0 ? at : at + 1)
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(kind < 2 ? [byte] : []), end])
}

/** The headers that a scheme reads. */
function headersOf(scheme: Scheme): string[] {
  if (scheme.algorithm === 'basic') return ['authorization']
  if (scheme.algorithm === 'token') return scheme.header === undefined ? [] : [scheme.header]
  if (scheme.algorithm === 'jwt') return [scheme.header]
  const signed = [...scheme.content.matchAll(/\{header:([^}]+)\}/g)].map((match) => match[1])
  const { signature, timestamp, certificate } = scheme
  const named = [signature.header, timestamp?.header, certificate?.header, ...signed]
  return named.filter((name) => name !== undefined)
}

/** The parts of a delivery that its signature covers, each with a way to break it. */
export function mutatorsFor(scheme: Scheme): ((attempt: Attempt, random: () => number) => Attempt)[] {
  const change = ({ request, ...rest }: Attempt, changed: Partial<WebhookRequest>): Attempt => ({
    ...rest,
    request: { ...request, ...changed },
  })
  const mutators: ((attempt: Attempt, random: () => number) => Attempt)[] = [
    (attempt, random) => ({ ...attempt, secret: mutateText(attempt.secret, random) }),
    ...headersOf(scheme).map((name) => (attempt: Attempt, random: () => number) => {
      const { headers } = attempt.request
      return change(attempt, { headers: { ...headers, [name]: mutateText(headers[name] ?? '', random) } })
    }),
  ]
  const mutateBody = (attempt: Attempt, random: () => number) =>
    change(attempt, { body: mutateBytes(attempt.request.body, random) })
  const mutateTime = (tolerance: number) => (attempt: Attempt, random: () => number) => {
    const away = (tolerance + 1 + random() * 1e6) * 1000 * (random() < 0.5 ? -1 : 1)
    return { ...attempt, now: new Date(attempt.now.getTime() + away) }
  }
  if (scheme.algorithm === 'token' && scheme.field !== undefined) mutators.push(mutateBody)
  if (scheme.algorithm === 'token' || scheme.algorithm === 'basic') return mutators
  if (scheme.algorithm === 'jwt')
    return [...mutators, mutateTime(LONGEST_TOKEN), ...(scheme.bodyDigest ? [mutateBody] : [])]
  const { content, timestamp } = scheme
  if (/\{(?:body[a-z0-9-]*|form)\}/.test(content) || scheme.signature.field !== undefined)
    mutators.push(mutateBody)
  if (content.includes('{url'))
    mutators.push((attempt, random) => change(attempt, { url: mutateText(attempt.request.url, random) }))
  if (content.includes('{method}'))
    mutators.push((attempt, random) =>
      change(attempt, { method: mutateText(attempt.request.method, random) }),
    )
  if (timestamp !== undefined) mutators.push(mutateTime(timestamp.tolerance ?? 300))
  return mutators
}
