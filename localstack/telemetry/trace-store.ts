/** A segment document of X-Ray: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html */
export type Segment = {
  readonly trace_id: string
  readonly id: string
  readonly parent_id?: string
  readonly name: string
  readonly start_time: number
  readonly end_time: number
  readonly annotations?: Readonly<Record<string, string | number | boolean>>
} & Readonly<Record<string, unknown>>

/** One trace, in the order of the starts of its segments. `id` is the 32 digits that a `traceparent` has. */
export type Trace = {
  readonly id: string
  /** RFC 3339. */
  readonly start: string
  readonly milliseconds: number
  readonly segments: readonly Segment[]
}

/** How many traces are kept, and segments of one. */
const MAX_TRACES = 1000
const MAX_SEGMENTS = 1000

/** The latest traces of the stack. */
export type TraceStore = {
  /** Takes what was sent to the daemon. What is no segment document is left out. */
  add(packet: string): void
  /** Returns a trace by the 32 digits of its id, or by X-Ray's form of it. */
  find(id: string): Trace | null
  /** Returns the latest traces, the newest first. */
  list(limit: number): Trace[]
}

export function traceStore(): TraceStore {
  const traces = new Map<string, Segment[]>()
  return {
    add(packet) {
      const segment = readSegment(packet)
      if (segment === null) return
      const id = digitsOf(segment.trace_id)
      const known = traces.get(id) ?? []
      if (known.length >= MAX_SEGMENTS) return
      known.push(segment)
      traces.set(id, known)
      const [oldest] = traces.keys()
      if (traces.size > MAX_TRACES && oldest !== undefined) traces.delete(oldest)
    },
    find(id) {
      const segments = traces.get(digitsOf(id))
      return segments ? traceOf(digitsOf(id), segments) : null
    },
    list: (limit) =>
      [...traces]
        .slice(-limit)
        .reverse()
        .map(([id, segments]) => traceOf(id, segments)),
  }
}

function traceOf(id: string, found: readonly Segment[]): Trace {
  const segments = found.toSorted((a, b) => a.start_time - b.start_time || b.end_time - a.end_time)
  const start = Math.min(...segments.map(({ start_time }) => start_time))
  const end = Math.max(...segments.map(({ end_time }) => end_time))
  const milliseconds = Math.round((end - start) * 1e6) / 1e3
  return { id, start: new Date(start * 1000).toISOString(), milliseconds, segments }
}

/** Returns the 32 digits of a trace id in X-Ray's form. */
function digitsOf(id: string): string {
  return id.replace(/^1-/, '').replaceAll('-', '').toLowerCase()
}

/** A packet is a line that names the format, and the document. */
function readSegment(packet: string): Segment | null {
  try {
    const document: unknown = JSON.parse(packet.slice(packet.indexOf('\n') + 1))
    return isSegment(document) ? document : null
  } catch {
    return null
  }
}

function isSegment(value: unknown): value is Segment {
  if (typeof value !== 'object' || value === null) return false
  const { trace_id, id, name, start_time, end_time } = value as Partial<Segment>
  const isNamed = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(trace_id ?? '') && /^[0-9a-f]{16}$/.test(id ?? '')
  return isNamed && typeof name === 'string' && Number.isFinite(start_time) && Number.isFinite(end_time)
}
