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
 * are taken, as older writers send them. Answers `undefined` for what is not ASCII, for a lone quote, and for
 * escapes that are incomplete or not UTF-8.
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
