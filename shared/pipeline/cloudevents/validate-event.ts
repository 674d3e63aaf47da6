import type { CloudEvent } from '#shared/core/event.ts'
import { digitsOf } from '#shared/core/json/exact-json.ts'
import { ACCEPT_LIMITS, FAULTS_LIMIT } from '#shared/core/limits.ts'
import { type Fault, faultsRefusal } from '#shared/core/refusal.ts'
import { timestampProblem } from '#shared/core/time.ts'
import { isJsonMediaType, isMediaType } from './media-type.ts'

/** An event as it arrived: an object, with nothing else known about it. */
export type EventDraft = { [name: string]: unknown }

/** Fills in what a producer may leave out. It is called before validation, with a draft that it may change. */
export type CompleteEvent = (draft: EventDraft) => EventDraft

/**
 * Returns `value` as an event of CloudEvents 1.0.2. Throws Refusal `invalid_event` with every fault.
 * A `null` attribute is the same as a missing one (JSON format §2.2) and is dropped; `data: null` is a value and is kept.
 * Returns the same object if nothing has to be dropped. Unknown attributes are kept.
 */
export function validateEvent(value: unknown, complete?: CompleteEvent): CloudEvent {
  if (!isDraft(value)) {
    throw faultsRefusal('invalid_event', [{ pointer: '', detail: 'must be a JSON object.' }])
  }
  const event = completeDraft(value, complete)
  const faults = findFaults(event)
  if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
  return event as CloudEvent
}

/** Drops attributes that are not set, and lets `complete` fill in what it can. */
export function completeDraft(value: EventDraft, complete?: CompleteEvent): EventDraft {
  const draft = omitUnset(value)
  return complete === undefined ? draft : omitUnset(complete(draft))
}

/** Whether a value of parsed JSON is an object. */
export function isDraft(value: unknown): value is EventDraft {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && digitsOf(value) === undefined
}

function omitUnset(draft: EventDraft): EventDraft {
  for (const name of Object.keys(draft)) {
    if (isUnset(name, draft[name])) return copySet(draft)
  }
  return draft
}

function copySet(draft: EventDraft): EventDraft {
  return Object.fromEntries(Object.entries(draft).filter(([name, value]) => !isUnset(name, value)))
}

function isUnset(name: string, value: unknown): boolean {
  return value === undefined || (value === null && name !== 'data')
}

// CloudEvents 1.0.2 §"Context Attributes",
// https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/spec.md#context-attributes
//   name    = 1*(%x61-7A / DIGIT)                     lower-case letters and digits
//   value   = Boolean / Integer / String              in the JSON format all other types are strings
//   Integer = -2147483648 .. 2147483647
//   String  = Unicode without control characters, unpaired surrogates and noncharacters
const NAME = /^[a-z0-9]+$/
const PLAIN_TEXT = /^[\x20-\x7e]*$/
const FORBIDDEN_CHARACTER = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** The specification recommends at most 20 characters and sets no limit; a longer name than this is refused. */
const MAX_NAME_LENGTH = 64

const REQUIRED = ['specversion', 'id', 'source', 'type'] as const

/**
 * Returns everything that keeps `event` from being a CloudEvents 1.0.2 event, in the order of its members; an empty
 * list for a valid event. Drop members that are `null` or `undefined` first.
 */
export function findFaults(event: Readonly<Record<string, unknown>>): Fault[] {
  const faults: Fault[] = []
  for (const name of REQUIRED) {
    if (event[name] === undefined) faults.push({ pointer: `/${name}`, detail: 'is required: add it.' })
  }
  const names = Object.keys(event)
  if (names.length > ACCEPT_LIMITS.attributes) {
    const detail = `has ${names.length} attributes; at most ${ACCEPT_LIMITS.attributes} are allowed: put the others into data.`
    return [...faults, { pointer: '', detail }]
  }
  for (const name of names) {
    const value = event[name]
    if (value === undefined) continue
    const detail =
      name === 'data' || name === 'data_base64' ? dataProblem(name, event) : attributeProblem(name, value)
    if (detail !== null) faults.push({ pointer: pointerTo(name), detail })
    if (faults.length >= FAULTS_LIMIT) break
  }
  return faults
}

function attributeProblem(name: string, value: unknown): string | null {
  if (STRING_ATTRIBUTES.has(name)) {
    return typeof value === 'string' ? (textProblem(value) ?? namedProblem(name, value)) : 'must be a string.'
  }
  const problem = nameProblem(name)
  if (problem !== null) return problem
  if (typeof value === 'string') return textProblem(value)
  if (typeof value === 'boolean') return null
  const digits = digitsOf(value)
  if (digits !== undefined) return NEGATIVE_ZERO.test(digits) ? null : NO_INTEGER
  if (typeof value !== 'number') return 'must be a string, a boolean or an integer: put structures into data.'
  return (value | 0) === value ? null : NO_INTEGER
}

const NO_INTEGER = 'must be a whole number from -2147483648 to 2147483647, or a string.'
/** The only integer of the range that keeps its text, because JavaScript writes it without its sign. */
const NEGATIVE_ZERO = /^-0(?:\.0+)?$/

/** Returns what is wrong with the name of an attribute, or null. */
export function nameProblem(name: string): string | null {
  if (!NAME.test(name)) return 'is not an attribute name: use lower-case letters a-z and digits only.'
  return name.length > MAX_NAME_LENGTH
    ? `is too long a name: use at most ${MAX_NAME_LENGTH} characters.`
    : null
}

function textProblem(text: string): string | null {
  if (PLAIN_TEXT.test(text) || !FORBIDDEN_CHARACTER.test(text)) return null
  return 'contains a control character, an unpaired surrogate or a noncharacter: remove it.'
}

const STRING_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...REQUIRED,
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'category',
  'severity',
  'partitionkey',
  'traceparent',
])

function namedProblem(name: string, text: string): string | null {
  if (text === '') return 'must not be empty: give it a value or leave it out.'
  switch (name) {
    case 'specversion':
      return text === '1.0' ? null : 'must be "1.0".'
    case 'source':
      return isUriReference(text) ? null : 'must be a URI-reference (RFC 3986), such as /sensors/7.'
    case 'time':
      return timestampProblem(text)
    case 'datacontenttype':
      return isMediaType(text) ? null : 'must be a media type (RFC 2046), such as application/json.'
    case 'dataschema':
      return isAbsoluteUri(text) ? null : 'must be an absolute URI (RFC 3986 §4.3), without a fragment.'
    default:
      return null
  }
}

function dataProblem(name: string, event: Readonly<Record<string, unknown>>): string | null {
  const { data, data_base64: base64, datacontenttype } = event
  if (name === 'data_base64') {
    if (data !== undefined) return 'must not be sent together with data: send one of them.'
    if (typeof base64 === 'string' && base64.length % 4 === 0 && BASE64.test(base64)) return null
    return 'must be Base64 with padding (RFC 4648 §4).'
  }
  if (typeof datacontenttype === 'string' && typeof data !== 'string' && !isJsonMediaType(datacontenttype)) {
    return `must be a string, because datacontenttype is not JSON; put bytes into data_base64.`
  }
  return jsonProblem(data, ACCEPT_LIMITS.dataLevels)
}

const NO_JSON = 'must be JSON.'

function jsonProblem(value: unknown, levels: number): string | null {
  if (typeof value === 'number')
    return Number.isFinite(value) ? null : `must be JSON, which has no number ${value}.`
  if (typeof value !== 'object')
    return typeof value === 'string' || typeof value === 'boolean' ? null : NO_JSON
  if (value === null || digitsOf(value) !== undefined) return null
  if (levels === 0) return `must be JSON of at most ${ACCEPT_LIMITS.dataLevels} levels.`
  const isList = Array.isArray(value)
  for (const member of isList ? value : Object.values(value)) {
    const problem = member === undefined && !isList ? null : jsonProblem(member, levels - 1)
    if (problem !== null) return problem
  }
  return null
}

/** The JSON pointer to a member, cut off if the name is too long to be shown. */
export function pointerTo(name: string): string {
  const shown = name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name
  return `/${shown.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

// RFC 3986 appendix A, https://www.rfc-editor.org/rfc/rfc3986#appendix-A
//   URI-reference = URI / relative-ref
//   URI           = scheme ":" hier-part ["?" query] ["#" fragment]
//   absolute-URI  = scheme ":" hier-part ["?" query]
//   hier-part     = "//" authority path-abempty / path-absolute / path-rootless / path-empty
//   relative-part = "//" authority path-abempty / path-absolute / path-noscheme / path-empty
// Each `run` is written as class* (escape class*)*, which a regular expression engine reads in linear time.
const run = (characters: string): string => `[${characters}-]*(?:%[0-9A-Fa-f]{2}[${characters}-]*)*`

const UNRESERVED_OR_SUB = "\\w.~!$&'()*+,;="
const PATH = run(`${UNRESERVED_OR_SUB}:@/`)
const SEGMENT_NO_COLON = run(`${UNRESERVED_OR_SUB}@`)
const QUERY = run(`${UNRESERVED_OR_SUB}:@/?`)
const HOST = `(?:\\[[0-9A-Fa-fvV:.${UNRESERVED_OR_SUB}-]+\\]|${run(UNRESERVED_OR_SUB)})`
const AUTHORITY = `(?:${run(`${UNRESERVED_OR_SUB}:`)}@)?${HOST}(?::\\d*)?`
const WITH_AUTHORITY = `//${AUTHORITY}(?:/${PATH})?`
const ROOTED = `/(?!/)${PATH}`
const SCHEME = '[A-Za-z][A-Za-z0-9+.-]*:'
const HIERARCHY = `(?:${WITH_AUTHORITY}|${ROOTED}|(?!/)${PATH})`
const RELATIVE = `(?:${WITH_AUTHORITY}|${ROOTED}|(?!/)${SEGMENT_NO_COLON}(?:/${PATH})?)`
const ABSOLUTE_URI = new RegExp(`^${SCHEME}${HIERARCHY}(?:\\?${QUERY})?$`)
const URI_REFERENCE = new RegExp(`^(?:${SCHEME}${HIERARCHY}|${RELATIVE})(?:\\?${QUERY})?(?:#${QUERY})?$`)

/** Whether `text` is an RFC 3986 URI-reference: a URI, or one relative to a base. The empty text is one. */
const isUriReference = (text: string): boolean => URI_REFERENCE.test(text)

/** Whether `text` is an RFC 3986 §4.3 absolute-URI: with a scheme and without a fragment. */
const isAbsoluteUri = (text: string): boolean => ABSOLUTE_URI.test(text)
