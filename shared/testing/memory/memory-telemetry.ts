import type { SpanOptions, SpanTimes, Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'
import { continueTrace, givenTrace, tracePartsOf } from '#shared/pipeline/trace.ts'

type Recorded = Omit<SpanOptions, 'parent'> & {
  readonly name: string
  readonly traceId: string
  readonly id: string
  readonly parentId: string | undefined
  readonly error?: string
}

/** Telemetry in memory, for tests. Nothing is sampled that does not say so itself. Span ids count up from 1. */
export function memoryTelemetry() {
  const counts = new Map<string, number>()
  const values = new Map<string, number[]>()
  const spans: Recorded[] = []
  const keyOf = (name: string, dimensions: object = {}) => [name, ...Object.values(dimensions)].join(' ')
  let flushes = 0

  const open = ({ parent }: SpanOptions) => {
    const parts = tracePartsOf(parent)
    if (parent !== undefined && !parts?.isSampled) return null
    const id = String(spans.length + 1).padStart(16, '0')
    return { traceId: parts?.traceId ?? '1'.padStart(32, '0'), id, parentId: parts?.spanId }
  }
  const telemetry: Telemetry = {
    service: 'test',
    metrics: {
      count: (name, by, ...[dimensions]) => {
        const key = keyOf(name, dimensions)
        if (by !== 0) counts.set(key, (counts.get(key) ?? 0) + by)
      },
      observe: (name, value, ...[dimensions]) => {
        const key = keyOf(name, dimensions)
        values.set(key, [...(values.get(key) ?? []), Math.max(0, value)])
      },
      flush: () => void flushes++,
    },
    tracing: {
      begin: (header) => givenTrace(header) ?? continueTrace(undefined),
      record(name, options: SpanOptions & SpanTimes) {
        const ids = open(options)
        if (!ids) return continueTrace(options.parent)
        const { kind, attributes, error } = options
        const told = { ...(kind && { kind }), ...(attributes && { attributes }), ...(error && { error }) }
        spans.push({ name, ...ids, ...told })
        return `00-${ids.traceId}-${ids.id}-01`
      },
      async span(name, options, run) {
        const traceparent = telemetry.tracing.record(name, { ...options, start: 0, end: 0 })
        return run(traceparent)
      },
      flush: async () => {},
    },
  }
  return { ...telemetry, counts, values, spans, flushes: () => flushes }
}
