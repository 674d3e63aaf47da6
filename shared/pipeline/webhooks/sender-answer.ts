import * as z from 'zod'
import { Refusal } from '#shared/core/refusal.ts'

// What a provider takes as the answer to a delivery. It is JSON, as the rest of a provider.

/** Media types that no browser shows as a page. */
export const MEDIA_TYPES = ['text/plain', 'text/xml', 'application/xml', 'application/json'] as const

export const senderAnswerSchema = z
  .strictObject({
    /** The status that says that a delivery was received, by default 202. */
    status: z.number().int().min(200).max(299).optional(),
    /** The body with it: text, which may be empty, or JSON; by default the receipt. */
    body: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
    /** The media type of a body that is text. */
    contentType: z.enum(MEDIA_TYPES).optional(),
    /**
     * The status with which this sender stops to deliver again. It is the status of what another attempt cannot change:
     * a delivery that is too large, has another media type, or can never become an event here.
     */
    final: z.number().int().min(400).max(499).optional(),
    /** A refusal has no body. */
    emptyRefusal: z.boolean().optional(),
  })
  .refine(({ status, body }) => status !== 204 || body === undefined || body === '', {
    message: 'has no body with the status 204',
  })
export type SenderAnswer = z.infer<typeof senderAnswerSchema>

type Response = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Returns the answer to a delivery that is durable in Kafka, with its receipt unless the sender takes another body. */
export function receivedAnswer(
  { status = 202, body, contentType }: SenderAnswer,
  receipt: unknown,
): Response {
  if (status === 204) return { status }
  if (body === undefined) return { status, body: receipt }
  if (typeof body !== 'string') return { status, body }
  if (body === '') return { status, body }
  return { status, headers: { 'content-type': `${contentType ?? 'text/plain'}; charset=utf-8` }, body }
}

/** Refusals that the same delivery would always get. A wrong signature is none: a secret may be on its way. */
const FINAL: readonly number[] = [403, 413, 415, 422]

/** Returns the refusal of a delivery as its sender takes it. A problem says the status that it has (RFC 9457 §3.1.2). */
export function refusalFor({ final, emptyRefusal }: SenderAnswer, response: Response): Response {
  const { headers = {}, body } = response
  const isFinal = final !== undefined && FINAL.includes(response.status)
  const status = isFinal ? final : response.status
  if (!emptyRefusal) return isFinal ? { status, headers, body: withStatus(body, status) } : response
  const { 'content-type': _, ...rest } = headers
  return { status, headers: rest, body: '' }
}

function withStatus(body: unknown, status: number): unknown {
  return typeof body === 'object' && body !== null && 'status' in body ? { ...body, status } : body
}

const TOLD = { 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found' } as const

/** A handshake names nothing that is expected: counted as a wrong credential, told as its provider wants it. */
export class UnexpectedHandshake extends Refusal {
  readonly told: Refusal
  constructor(detail: string, status: keyof typeof TOLD = 401) {
    super('unauthenticated', detail)
    this.told = new Refusal(TOLD[status], detail)
  }
}
