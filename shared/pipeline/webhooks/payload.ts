import { digitsOf, numberText, parseExactJson } from '#shared/core/json/exact-json.ts'
import { ACCEPT_LIMITS, WEBHOOK_LIMITS } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { essenceOf, isJsonMediaType, isUtf8MediaType } from '#shared/pipeline/cloudevents/media-type.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })
const FORM = 'application/x-www-form-urlencoded'

export type Fields = readonly (readonly [name: string, value: string])[]

/** What an event has of a file in a form: never its bytes, because an event is small. */
export type Attachment = {
  readonly filename: string
  readonly type: string
  readonly size: number
  /** In hex. */
  readonly sha256: string
}
/** The parts of a form in the order in which they were sent. */
export type Parts = readonly (readonly [name: string, value: string | Attachment])[]

type Form = {
  readonly mediaType: string | undefined
  readonly fields: Fields | null
  readonly parts: Parts | null
}
/** Different readers ask for the fields and the payload of one request, which are parsed once. */
const forms = new WeakMap<Uint8Array, Form>()

/** Remembers the parts of a form that cannot be parsed at once, for the readers below; null if it is no form. */
export function rememberParts(mediaType: string | undefined, body: Uint8Array, parts: Parts | null): void {
  const fields = parts?.filter((part): part is [string, string] => typeof part[1] === 'string') ?? null
  forms.set(body, { mediaType, fields, parts })
}

/**
 * Returns the fields of a form in the order in which they were sent; null if the bytes are not a form in UTF-8. Throws
 * Refusal `too_large` for more fields than any provider sends.
 */
export function readForm(mediaType: string | undefined, body: Uint8Array): Fields | null {
  const known = forms.get(body)
  if (known !== undefined && known.mediaType === mediaType) return known.fields
  const fields = parseForm(mediaType, body)
  forms.set(body, { mediaType, fields, parts: fields })
  return fields
}

function parseForm(mediaType: string | undefined, body: Uint8Array): Fields | null {
  if (mediaType === undefined || essenceOf(mediaType) !== FORM) return null
  assertFewFields(body)
  try {
    const pairs = UTF8.decode(body)
      .split('&')
      .filter((pair) => pair !== '')
    return pairs.map((pair) => {
      const at = pair.indexOf('=')
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
      return [decodeField(name), decodeField(value)] as const
    })
  } catch {
    return null // a lenient decoder would replace invalid bytes, and two different bodies would read the same
  }
}

const AMPERSAND = 0x26

/** Counts before anything is made of the body, because it is read before its signature is known to be right. */
function assertFewFields(body: Uint8Array): void {
  let separators = 0
  for (let at = body.indexOf(AMPERSAND); at >= 0; at = body.indexOf(AMPERSAND, at + 1))
    if (++separators >= WEBHOOK_LIMITS.formFields)
      throw new Refusal('too_large', `A form has at most ${WEBHOOK_LIMITS.formFields} fields here.`)
}

const ESCAPED = /[%+]/

function decodeField(text: string): string {
  return ESCAPED.test(text) ? decodeURIComponent(text.replaceAll('+', ' ')) : text
}

/** Whether a payload has no more levels of arrays and objects than the data of an event may have. */
export function isShallow(payload: unknown, levels: number = ACCEPT_LIMITS.dataLevels): boolean {
  if (typeof payload !== 'object' || payload === null || digitsOf(payload) !== undefined) return true
  return levels > 0 && Object.values(payload).every((member) => isShallow(member, levels - 1))
}

/**
 * Returns the payload as JSON: JSON by value, a form as an object (a name that is sent twice has an array), and a form
 * whose only field `payload` is JSON (GitHub, Slack) as that JSON. Returns `undefined` for anything else.
 */
export function readPayload(mediaType: string | undefined, body: Uint8Array): unknown {
  const known = payloads.get(body)
  if (known !== undefined && known.mediaType === mediaType) return known.payload
  const payload = parsePayload(mediaType, body)
  payloads.set(body, { mediaType, payload })
  return payload
}

/** Each of several schemes and places of a mapping asks for the payload of a request; it is parsed once. */
const payloads = new WeakMap<
  Uint8Array,
  { readonly mediaType: string | undefined; readonly payload: unknown }
>()

/**
 * Returns the text or number at a JSON pointer of the payload, as text; undefined if there is none. Of a form it makes no
 * object: that is ten times the work, and anybody may send one whose signature is wrong.
 */
export function payloadText(
  mediaType: string | undefined,
  body: Uint8Array,
  pointer: string,
): string | undefined {
  const fields = readForm(mediaType, body)
  if (fields === null || fields.length === 1) return textOf(fieldAt(readPayload(mediaType, body), pointer))
  const [, name, ...deeper] = stepsOf(pointer)
  const [only, ...more] = fields.filter(([each]) => each === name)
  return deeper.length === 0 && more.length === 0 ? only?.[1] : undefined
}

function parsePayload(mediaType: string | undefined, body: Uint8Array): unknown {
  const fields = readForm(mediaType, body)
  if (fields === null) return mediaType !== undefined && isOpaque(mediaType) ? undefined : parseJson(body)
  const [only, ...more] = fields
  if (only?.[0] === 'payload' && more.length === 0 && forms.get(body)?.parts?.length === 1) {
    const json = parseText(only[1])
    if (json !== undefined) return json
  }
  const byName = Map.groupBy<string, Parts[number]>(forms.get(body)?.parts ?? fields, ([name]) => name)
  return Object.fromEntries(
    [...byName].map(([name, pairs]) => {
      const values = pairs.map(([, value]) => value)
      return [name, values.length === 1 ? values[0] : values]
    }),
  )
}

/** Whether a media type excludes JSON. `text/plain` does not: some senders use it for JSON. */
function isOpaque(mediaType: string): boolean {
  if (isJsonMediaType(mediaType)) return !isUtf8MediaType(mediaType)
  return essenceOf(mediaType) !== 'text/plain'
}

function parseJson(body: Uint8Array): unknown {
  try {
    return parseText(UTF8.decode(body))
  } catch {
    return undefined // not UTF-8: the event carries the bytes
  }
}

function parseText(text: string): unknown {
  try {
    return parseExactJson(text)
  } catch {
    return undefined // not JSON: the event carries the bytes
  }
}

/** Returns the value at a JSON pointer (RFC 6901), or undefined. */
export function fieldAt(payload: unknown, pointer: string): unknown {
  let value = payload
  for (const name of stepsOf(pointer).slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

function stepsOf(pointer: string): string[] {
  return pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Returns text, or a number as text, with the digits that were sent; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : numberText(value)
}
