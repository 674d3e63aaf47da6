// W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header
//   traceparent = version "-" trace-id "-" parent-id "-" trace-flags      all in lower-case hex; a later version may be longer
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1

/** Returns the trace of a request: the one of its header `traceparent`, or a new one if that is missing or invalid. */
export function continueTrace(header: string | undefined): string {
  const [, version, trace = '', parent = '', flags = '', rest] = TRACEPARENT.exec(header ?? '') ?? []
  const isValid =
    version !== undefined &&
    version !== 'ff' &&
    (version !== '00' || rest === undefined) &&
    /[1-9a-f]/.test(trace) &&
    /[1-9a-f]/.test(parent)
  if (!isValid) return `00-${randomHex(16)}-${randomHex(8)}-01`
  if (version === '00') return `00-${trace}-${parent}-${flags}`
  // Only what version 00 defines may be passed on from a later version.
  return `00-${trace}-${parent}-0${Number.parseInt(flags, 16) & SAMPLED}`
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes))
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
