import { isOutage } from '#shared/adapters/aws/outage.ts'
import { FAULTS_LIMIT } from '#shared/core/limits.ts'
import { type ErrorCode, type Fault, Refusal } from '#shared/core/refusal.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { ACCEPTED_CODINGS } from './decode-body.ts'
import type { HttpResponse } from './http-message.ts'

const PROBLEMS: Readonly<Record<ErrorCode, readonly [status: number, title: string]>> = {
  malformed: [400, 'The request is malformed'],
  unauthenticated: [401, 'No valid credentials'],
  forbidden: [403, 'Not granted'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  conflict: [409, 'Conflict'],
  precondition_failed: [412, 'Changed since you read it'],
  too_large: [413, 'Too large'],
  unsupported_media_type: [415, 'Unsupported media type'],
  unsupported_encoding: [415, 'Unsupported content coding'],
  invalid_event: [422, 'Invalid event'],
  idempotency_key_reused: [422, 'The idempotency key belongs to another request'],
  rate_limited: [429, 'Too many requests'],
  unavailable: [503, 'Temporarily unavailable'],
}

const OUTAGE_RETRY_SECONDS = 2

/**
 * Returns an error as `application/problem+json` (RFC 9457). An error that is not a refusal is logged, and becomes a
 * 503 if it is an outage, otherwise a 500; both without its text.
 */
export function problemResponse(error: unknown): HttpResponse {
  if (error instanceof Refusal) {
    if (error.cause !== undefined && PROBLEMS[error.code][0] >= 500)
      logError('a request could not be done', error)
    return encode(error)
  }
  logError('a request failed', error)
  if (isOutage(error))
    return encode(new Refusal('unavailable', OUTAGE, { retryAfterSeconds: OUTAGE_RETRY_SECONDS }))
  const detail = 'Something broke on our side; it has been logged. Send the request again, unchanged.'
  return problem({ code: 'internal', status: 500, title: 'Internal error', detail })
}

const OUTAGE =
  'The tables did not respond in time, and the request may or may not have been carried out. Send it again, unchanged.'

function encode({ code, message, faults, retryAfterSeconds }: Refusal): HttpResponse {
  const [status, title] = PROBLEMS[code]
  return problem({ code, status, title, detail: sentence(message, faults), faults, retryAfterSeconds })
}

/** The detail of a fault of the whole event is a predicate: "is not JSON" becomes "The event is not JSON". */
function sentence(message: string, [first]: readonly Fault[]): string {
  return first?.pointer === '' && /^[a-z]/.test(message) ? `The event ${message}` : message
}

type Problem = {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly faults?: readonly Fault[]
  readonly retryAfterSeconds?: number | undefined
}

function problem({ code, status, title, detail, faults = [], retryAfterSeconds }: Problem): HttpResponse {
  const type = `urn:tidewire:problem:${code.replaceAll('_', '-')}`
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
      // RFC 9110 §15.5.16: only where the coding is the reason, so that a client can tell it from the media type.
      ...(code === 'unsupported_encoding' && { 'accept-encoding': ACCEPTED_CODINGS }),
      ...(status === 401 && { 'www-authenticate': 'Bearer, ApiKey header="x-api-key"' }),
    },
    body: {
      type,
      title,
      status,
      detail,
      ...(faults.length > 0 && { errors: faults.slice(0, FAULTS_LIMIT) }),
    },
  }
}
