// W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header
//   traceparent = version "-" trace-id "-" parent-id "-" trace-flags      all in lower-case hex; a later version may be longer
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1
const ODD_FLAGS = /^.{54}[13579bdf]/

/**
 * Returns the trace of a request: the one of its header `traceparent`, or a new one if that is missing or invalid, which
 * is not sampled.
 */
export function continueTrace(header: string | undefined): string {
  return givenTrace(header) ?? `00-${randomHex(16)}-${randomHex(8)}-00`
}

/** Returns the trace that a header names; undefined if it is missing or invalid. */
export function givenTrace(header: string | undefined): string | undefined {
  const [, version, trace = '', parent = '', flags = '', rest] = TRACEPARENT.exec(header ?? '') ?? []
  const isValid =
    version !== undefined &&
    version !== 'ff' &&
    (version !== '00' || rest === undefined) &&
    /[1-9a-f]/.test(trace) &&
    /[1-9a-f]/.test(parent)
  if (!isValid) return undefined
  if (version === '00') return `00-${trace}-${parent}-${flags}`
  // Only what version 00 defines may be passed on from a later version.
  return `00-${trace}-${parent}-0${Number.parseInt(flags, 16) & SAMPLED}`
}

/** The parts of a `traceparent`. */
export type TraceParts = { readonly traceId: string; readonly spanId: string; readonly isSampled: boolean }

/** Returns the parts of a `traceparent`; undefined if it is missing or invalid. */
export function tracePartsOf(traceparent: string | undefined): TraceParts | undefined {
  const [, traceId, spanId, flags] = givenTrace(traceparent)?.split('-') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

/** Whether a `traceparent` has the flag *sampled*. Cheap, because every event is asked: what is invalid may have it too. */
export function isSampled(traceparent: string | undefined): traceparent is string {
  return traceparent !== undefined && ODD_FLAGS.test(traceparent)
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes))
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
