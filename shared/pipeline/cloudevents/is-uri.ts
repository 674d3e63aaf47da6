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
export const isUriReference = (text: string): boolean => URI_REFERENCE.test(text)

/** Whether `text` is an RFC 3986 §4.3 absolute-URI: with a scheme and without a fragment. */
export const isAbsoluteUri = (text: string): boolean => ABSOLUTE_URI.test(text)
