import { type Json, schemaRef } from './schemas.ts'

type ProblemKind = {
  readonly description: string
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors?: readonly Json[]
  readonly headers?: Json
}

const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds to wait before trying again.',
    schema: { type: 'integer', minimum: 0 },
  },
}

/** Every problem that the HTTP interface returns, by status. */
const PROBLEMS: Readonly<Record<number, ProblemKind>> = {
  400: {
    description: 'The request is malformed: invalid JSON, or an invalid parameter.',
    code: 'malformed',
    title: 'The request is malformed',
    detail: 'The query names what cannot be understood.',
    errors: [{ pointer: '/limit', detail: 'is not a whole number from 1 to 500.' }],
  },
  401: {
    description: 'No valid credentials or, from a webhook sender, no valid signature.',
    code: 'unauthenticated',
    title: 'No valid credentials',
    detail: 'Send an API key in the header "x-api-key", or "authorization: Bearer <access token>".',
    headers: {
      'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string' } },
    },
  },
  403: {
    description:
      'The credentials are valid, but do not grant this: the role, a grant, a type that only Tidewire writes, the name of somebody else, or a source that belongs to others.',
    code: 'forbidden',
    title: 'Not granted',
    detail: 'The role viewer may not write events: that takes the role publisher, operator, or admin.',
  },
  404: {
    description: 'There is no resource of this name.',
    code: 'not_found',
    title: 'Not found',
    detail: 'There is no webhook source of this name here; see docs/webhooks.md.',
  },
  405: {
    description: 'The resource has no such method; `Allow` lists those that it has.',
    code: 'method_not_allowed',
    title: 'Method not allowed',
    detail: 'The source "github" has no handshake by GET: it takes deliveries by POST.',
  },
  409: {
    description:
      'With Retry-After: another request is currently writing one of these events; send this one again. Without: the id was taken by another event.',
    code: 'conflict',
    title: 'Conflict',
    detail: 'Another request writes one of these events at this moment; send this one again.',
    headers: { 'Retry-After': { ...RETRY_AFTER['Retry-After'], required: false } },
  },
  412: {
    description: 'The state has changed since the ETag in If-Match; nothing was written.',
    code: 'precondition_failed',
    title: 'Changed since you read it',
    detail:
      'The event has changed since you read it; read it again and look whether the move still makes sense.',
  },
  413: {
    description: 'A body over 1 MB, an event over 128 KB, or more than 500 events; nothing was written.',
    code: 'too_large',
    title: 'Too large',
    detail: 'A batch has at most 500 events; send several batches.',
  },
  415: {
    description:
      'A media type that is not supported, or (unsupported-encoding) a content coding: the header Accept-Encoding names those that are.',
    code: 'unsupported_media_type',
    title: 'Unsupported media type',
    detail: 'Event format application/cloudevents+xml is not supported: send application/cloudevents+json.',
    headers: {
      'Accept-Encoding': {
        description: 'The content codings that are supported, if that of the request is not.',
        required: false,
        schema: { type: 'string' },
      },
    },
  },
  422: {
    description: 'Well-formed, but not valid; nothing was written. "errors" lists everything that is wrong.',
    code: 'invalid_event',
    title: 'Invalid event',
    detail: 'The event breaks the rules named in "errors"; nothing was written.',
    errors: [{ index: 1, pointer: '/data/price', detail: 'is required: add it.' }],
  },
  429: {
    description:
      'Too many requests of these credentials or, without any, of this address; or too many wrong credentials of this address (docs/limits.md).',
    code: 'rate_limited',
    title: 'Too many requests',
    detail:
      'These credentials may send 500 requests per second of the class "write"; slow down, or send batches.',
    headers: RETRY_AFTER,
  },
  500: {
    description: 'An internal error. It is safe to send the same request again if its events have ids.',
    code: 'internal',
    title: 'Internal error',
    detail: 'Something broke on our side; it has been logged. Send the request again, unchanged.',
  },
  503: {
    description:
      'Kafka or the tables did not respond, or the request took too long. Some events may have been written; it is safe to send the same request again if they have ids or it has an Idempotency-Key.',
    code: 'unavailable',
    title: 'Temporarily unavailable',
    detail:
      'The request took too long, and may or may not have been carried out. Send it again, unchanged: an event with an id, or a request with an Idempotency-Key, is not doubled.',
    headers: RETRY_AFTER,
  },
}

/** The problem responses, as components by name. */
export function problemComponents(): Json {
  return Object.fromEntries(
    Object.entries(PROBLEMS).map(([status, kind]) => [`problem${status}`, describe(Number(status), kind)]),
  )
}

function describe(status: number, { description, code, title, detail, errors, headers }: ProblemKind): Json {
  const type = `urn:tidewire:problem:${code.replaceAll('_', '-')}`
  const example = { type, title, status, detail, ...(errors && { errors }) }
  return {
    description,
    ...(headers && { headers }),
    content: { 'application/problem+json': { schema: schemaRef('problem'), example } },
  }
}

/** References to the problems of these statuses, and to 429, which every route can return. */
export function problems(...statuses: readonly number[]): Json {
  return Object.fromEntries(
    [...new Set([...statuses, 429])].map((status) => [
      status,
      { $ref: `#/components/responses/problem${status}` },
    ]),
  )
}

/** A response with a JSON body of one of the components. */
export function json(description: string, schema: string, example?: unknown): Json {
  const content = { schema: schemaRef(schema), ...(example !== undefined && { example }) }
  return { description, content: { 'application/json': content } }
}
