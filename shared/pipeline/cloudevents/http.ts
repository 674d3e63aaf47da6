import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import { FAULTS_LIMIT } from '#shared/core/limits.ts'
import { type Fault, faultsRefusal } from '#shared/core/refusal.ts'
import {
  decodeBinaryEvent,
  encodeData,
  type HeaderAttribute,
  headerAttributes,
  mediaTypeOf,
} from './binary-mode.ts'
import { decodeJsonBatch, decodeJsonEvent, encodeJsonEvent } from './json-format.ts'
import { JSON_BATCH, JSON_EVENT, JSON_EVENT_UTF8, messageMode, splitOutsideQuotes } from './media-type.ts'
import type { CompleteEvent } from './validate-event.ts'

// CloudEvents HTTP binding 1.0.2,
// https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/bindings/http-protocol-binding.md
//   structured = "content-type: application/cloudevents+json" body(event in the JSON format)
//   batch      = "content-type: application/cloudevents-batch+json" body(JSON array of events)
//   binary     = *("ce-" name ": " value) ["content-type: " datacontenttype] body(data)
const PREFIX = 'ce-'

/** The headers of a message, by name in lower case. */
export type HttpHeaders = Readonly<Record<string, string | undefined>>
export type HttpMessage = { readonly headers: HttpHeaders; readonly body: Uint8Array }
type EncodedHttpMessage = { readonly headers: Record<string, string>; readonly body: Buffer }

type DecodedHttp =
  | { readonly mode: 'structured' | 'binary'; readonly event: CloudEvent }
  | { readonly mode: 'batch'; readonly events: CloudEvent[] }

/**
 * Returns how a message carries events, by its headers: `none` if it has neither the CloudEvents media type nor one
 * of the required attributes as a header. Throws Refusal `unsupported_media_type` for event formats other than JSON,
 * and for charsets other than UTF-8.
 */
export function httpMode(headers: HttpHeaders): DecodedHttp['mode'] | 'none' {
  const mode = messageMode(headers['content-type'])
  if (mode !== 'other') return mode
  const required = headers['ce-specversion'] ?? headers['ce-id'] ?? headers['ce-source'] ?? headers['ce-type']
  return required === undefined ? 'none' : 'binary'
}

/**
 * Decodes the events of a message in any of the three modes. `complete` may fill in what producers left out.
 * In binary mode attributes stay strings, and an empty body is an event without data. In the other modes the `ce-`
 * headers are ignored, because the body has the attributes. Throws Refusal with every fault.
 */
export function decodeHttp({ headers, body }: HttpMessage, complete?: CompleteEvent): DecodedHttp {
  const mode = httpMode(headers)
  switch (mode) {
    case 'structured':
      return { mode, event: decodeJsonEvent(body, complete) }
    case 'batch':
      return { mode, events: decodeJsonBatch(body, complete) }
    case 'binary':
      return { mode, event: decodeBinary(headers, body, complete) }
    case 'none': {
      const detail = `No event: send ${JSON_EVENT}, ${JSON_BATCH} or ce- headers.`
      throw faultsRefusal('unsupported_media_type', [{ pointer: '', detail }])
    }
  }
}

/**
 * Encodes an event in binary mode. Throws Refusal `unsupported_media_type` if its text needs a charset other than
 * UTF-8, and `invalid_event` if its data is text that is not well-formed.
 */
export function encodeHttpBinary(event: CloudEvent): EncodedHttpMessage {
  const attributes = headerAttributes(event).map(([name, text]) => [PREFIX + name, encodeHeaderValue(text)])
  const mediaType = mediaTypeOf(event)
  return {
    headers: {
      ...Object.fromEntries(attributes),
      ...(mediaType !== undefined && { 'content-type': mediaType }),
    },
    body: encodeData(event) ?? Buffer.alloc(0),
  }
}

/** Encodes an event in structured mode. */
export function encodeHttpStructured(event: CloudEvent): EncodedHttpMessage {
  return {
    headers: { 'content-type': JSON_EVENT_UTF8 },
    body: Buffer.from(encodeJsonEvent(event)),
  }
}

function decodeBinary(headers: HttpHeaders, body: Uint8Array, complete?: CompleteEvent): CloudEvent {
  const attributes = Object.entries(headers).flatMap(([name, value]): HeaderAttribute[] =>
    value !== undefined && name.startsWith(PREFIX)
      ? [[name.slice(PREFIX.length), decodeHeaderValue(value)]]
      : [],
  )
  const mediaType = headers['content-type']
  return decodeBinaryEvent({ attributes, mediaType, body: body.length === 0 ? null : body }, complete)
}

/**
 * The headers in which a comma is a sign of several values: those that identify an event, and those whose values cannot
 * have one. In the others, such as a subject, `dataschema` or `tracestate`, it is a part of the value, and senders do not
 * escape it: the HTTP binding does not ask for that.
 */
const SINGLE = /^(?:content-type|ce-(?:specversion|id|source|type|time|category|severity|traceparent))$/

/**
 * Throws Refusal `malformed` naming each header of an event that came several times: its media type, and what identifies
 * the event unless the body has it. API Gateway joins the values of headers with the same name by a comma, so that `a` and `b`
 * arrive as `a,b`; a comma that belongs to a value is written as `%2C`, or in a quoted string.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function assertSingleHeaders(headers: HttpHeaders): void {
  const faults: Fault[] = []
  const inBody = /^\s*application\/cloudevents/i.test(headers['content-type'] ?? '')
  for (const [name, value] of Object.entries(headers)) {
    if (!value?.includes(',')) continue
    if (!SINGLE.test(name) || (inBody && name !== 'content-type')) continue
    if (splitOutsideQuotes(value, ',').length === 1) continue
    faults.push({ pointer: `/${name.slice(0, 80)}`, detail: detailOf(name) })
    if (faults.length === FAULTS_LIMIT) break
  }
  if (faults.length > 0) throw faultsRefusal('malformed', faults)
}

function detailOf(name: string): string {
  const comma = name === 'content-type' ? '' : '; a comma that belongs to its value is written as %2C.'
  return `is a header that came several times, or that has a comma: send it once${comma || '.'}`
}

// CloudEvents HTTP binding 1.0.2 §3.1.3.2,
// https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
//   value   = *(plain / escape)                    what we write
//   plain   = %x21 / %x23-24 / %x26-7E             printable ASCII without space, quote and percent
//   escape  = "%" 2HEXDIG                          one byte of UTF-8
//   quoted  = DQUOTE *(qdtext / "\" char) DQUOTE   what 1.0.1 writers send (RFC 7230 §3.2.6), escapes inside
const ESCAPED = /[^!#$&-~]+/g
const PRINTABLE = /^[\x20-\x7e]*$/
const QUOTED = /^"(?:[^"\\]|\\.)*"$/

/** Encodes the text of an attribute for an HTTP header. The text must be well-formed Unicode. */
export function encodeHeaderValue(text: string): string {
  return text.replaceAll(ESCAPED, encodeURIComponent)
}

/**
 * Decodes the value of an HTTP header: first quoted strings, then one round of percent-decoding. Plain spaces
 * are accepted, because older writers send them. Returns `undefined` for text that is not ASCII, for a lone quote,
 * and for escapes that are incomplete or not UTF-8.
 */
export function decodeHeaderValue(value: string): string | undefined {
  if (!PRINTABLE.test(value)) return undefined
  const trimmed = value.trim()
  const text = trimmed.includes('"') ? unquote(trimmed) : trimmed
  if (text === undefined || !text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function unquote(value: string): string | undefined {
  return QUOTED.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : undefined
}
