import { type ErrorCode, type Fault, Refusal } from '#shared/core/refusal.ts'
import { CloudEventError } from '#shared/pipeline/cloudevents/codec-error.ts'
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
  invalid_event: [422, 'Invalid event'],
  idempotency_key_reused: [422, 'The idempotency key belongs to another request'],
  rate_limited: [429, 'Too many requests'],
  unavailable: [503, 'Temporarily unavailable'],
}

/** An error as `application/problem+json` (RFC 9457). What is no refusal is logged and answered 500 without its text. */
export function problemResponse(error: unknown): HttpResponse {
  if (error instanceof CloudEventError) return encode(error.code, sentence(error), error.errors)
  if (error instanceof Refusal) {
    if (error.cause !== undefined && PROBLEMS[error.code][0] >= 500)
      console.error(JSON.stringify({ level: 'ERROR', message: error.message, cause: String(error.cause) }))
    return encode(error.code, error.message, error.faults, error.retryAfterSeconds)
  }
  console.error(error)
  const detail = 'Something broke on our side; it has been logged. Send the request again, unchanged.'
  return problem('internal', 500, 'Internal error', detail)
}

/** A fault of the whole event reads on from its subject: "The event is not JSON …". */
function sentence({ message, errors }: CloudEventError): string {
  return errors[0]?.pointer === '' && /^[a-z]/.test(message) ? `The event ${message}` : message
}

function encode(
  code: ErrorCode,
  detail: string,
  faults: readonly Fault[],
  retryAfter?: number,
): HttpResponse {
  const [status, title] = PROBLEMS[code]
  return problem(code, status, title, detail, faults, retryAfter)
}

function problem(
  code: string,
  status: number,
  title: string,
  detail: string,
  errors: readonly Fault[] = [],
  retryAfter?: number,
): HttpResponse {
  const type = `urn:tidewire:problem:${code.replaceAll('_', '-')}`
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...(status === 401 && { 'www-authenticate': 'Bearer, ApiKey header="x-api-key"' }),
    },
    body: { type, title, status, detail, ...(errors.length > 0 && { errors }) },
  }
}
