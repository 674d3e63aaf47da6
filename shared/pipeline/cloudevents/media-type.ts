import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { faultsRefusal, type Refusal } from '#shared/core/refusal.ts'

/** The media type of one event in the JSON format. */
export const JSON_EVENT = 'application/cloudevents+json'
/** The content type that we write. Its charset is in lower case, because the npm SDK refuses any other spelling over HTTP. */
export const JSON_EVENT_UTF8 = `${JSON_EVENT}; charset=utf-8`
/** The media type of a batch of events in the JSON format. */
export const JSON_BATCH = 'application/cloudevents-batch+json'

const CLOUD_EVENTS = 'application/cloudevents'

/**
 * Returns the mode that a content type asks for; `other` if it is not a content type of CloudEvents. Throws Refusal
 * `unsupported_media_type` for an event format other than JSON, and for a charset other than UTF-8.
 */
export function messageMode(contentType: string | undefined): 'structured' | 'batch' | 'other' {
  if (contentType === undefined) return 'other'
  if (contentType === JSON_EVENT || contentType === JSON_EVENT_UTF8) return 'structured'
  const essence = essenceOf(contentType)
  if (!essence.startsWith(CLOUD_EVENTS)) return 'other'
  if (essence !== JSON_EVENT && essence !== JSON_BATCH) {
    throw unsupported(`Event format ${essence.slice(0, 80)} is not supported: send ${JSON_EVENT}.`)
  }
  assertUtf8MediaType(contentType)
  return essence === JSON_EVENT ? 'structured' : 'batch'
}

/** Throws Refusal `unsupported_media_type` if a body of this content type is not UTF-8 by its charset. */
export function assertUtf8MediaType(contentType: string): void {
  if (!isUtf8MediaType(contentType)) throw unsupported('Charset is not supported: send UTF-8.')
}

function unsupported(detail: string): Refusal {
  return faultsRefusal('unsupported_media_type', [{ pointer: '', detail }])
}

// RFC 2045 §5.1, https://www.rfc-editor.org/rfc/rfc2045#section-5.1 (RFC 2046 takes its grammar from there)
//   content   = type "/" subtype *(";" parameter)
//   parameter = token "=" (token / quoted-string)
// RFC 9110 §5.6.6, https://www.rfc-editor.org/rfc/rfc9110#section-5.6.6, allows in a header what is no parameter between
// semicolons, such as nothing. Senders also write spaces around "=", and no value behind it.
const TOKEN = "[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+"
const QUOTED = '"(?:[ !#-\\[\\]-~]|\\\\[ -~])*"'
const PARAMETER = new RegExp(`^(${TOKEN})[ \\t]*=[ \\t]*(${TOKEN}|${QUOTED})?$`)
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))*[ \\t]*$`)

/** Whether `text` is a media type with optional parameters, and no longer than any. */
export const isMediaType = (text: string): boolean =>
  text.length <= ACCEPT_LIMITS.mediaTypeLength && MEDIA_TYPE.test(text)

/**
 * Returns the content type of a message as an attribute of an event can have it: the same text, or without what a header
 * may have besides, so that `application/json;` is `application/json`. What is no media type is returned as it is.
 */
export function tidyMediaType(contentType: string): string {
  if (isMediaType(contentType) || contentType.length > ACCEPT_LIMITS.mediaTypeLength) return contentType
  const [type = '', ...parameters] = splitOutsideQuotes(contentType, ';')
  const kept = parameters.flatMap((text) => {
    const [, name, value] = PARAMETER.exec(text) ?? []
    return value === undefined ? (name === undefined && text !== '' ? [text] : []) : [`${name}=${value}`]
  })
  const tidy = [type, ...kept].join('; ')
  return isMediaType(tidy) ? tidy : contentType
}

/** Splits a header at each `separator` that is not in a quoted string; the pieces have no space around them. */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const pieces: string[] = []
  let [start, isQuoted] = [0, false]
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isQuoted && character === '\\') at++
    else if (character === '"') isQuoted = !isQuoted
    else if (character === separator && !isQuoted) {
      pieces.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  pieces.push(text.slice(start).trim())
  return pieces
}

/** The media type without its parameters, in lower case: `Text/Plain; charset=UTF-8` is `text/plain`. */
export function essenceOf(mediaType: string): string {
  const end = mediaType.indexOf(';')
  return (end < 0 ? mediaType : mediaType.slice(0, end)).trim().toLowerCase()
}

/** Whether the media type declares JSON: a subtype of `json`, or one that ends in `+json`. */
export function isJsonMediaType(mediaType: string): boolean {
  if (mediaType === 'application/json') return true
  const essence = essenceOf(mediaType)
  return essence.endsWith('/json') || essence.endsWith('+json')
}

/** Whether the media type declares text that people read: `text/*` and XML. */
export function isTextMediaType(mediaType: string): boolean {
  const essence = essenceOf(mediaType)
  return essence.startsWith('text/') || essence.endsWith('/xml') || essence.endsWith('+xml')
}

/** The `charset` parameter in lower case; `utf-8` if there is none. Of a text that is too long, only the beginning is read. */
function charsetOf(mediaType: string): string {
  const [, ...parameters] = splitOutsideQuotes(mediaType.slice(0, ACCEPT_LIMITS.mediaTypeLength), ';')
  for (const parameter of parameters) {
    const [, name, value] = PARAMETER.exec(parameter) ?? []
    const charset = value
      ?.replaceAll(/["'\\]/g, '')
      .trim()
      .toLowerCase()
    if (name?.toLowerCase() === 'charset' && charset) return charset
  }
  return 'utf-8'
}

/** The names of UTF-8 and of US-ASCII, which is a part of it. */
const UTF8_CHARSETS = ['utf-8', 'utf8', 'us-ascii', 'ascii']

/** Whether text of this media type is UTF-8, of which US-ASCII is a part. */
export function isUtf8MediaType(mediaType: string): boolean {
  return !mediaType.includes(';') || UTF8_CHARSETS.includes(charsetOf(mediaType))
}
