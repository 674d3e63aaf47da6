import { continueTrace } from '#shared/pipeline/trace.ts'
import { HOPS } from './hops.ts'
import type { InstanceReporter } from './instance-report.ts'
import type { CounterName, DimensionsOf, HistogramName } from './metrics.ts'

/** What may be missing: a metric without dimensions takes none. */
type Rest<Name extends CounterName | HistogramName> = keyof DimensionsOf<Name> extends never
  ? []
  : [dimensions: DimensionsOf<Name>]

/** Counts and measures (metrics.ts has what). Nothing is written before `flush`, and nothing throws. */
export type Metrics = {
  /** Adds to a counter. Adding 0 changes nothing. */
  count<Name extends CounterName>(name: Name, by: number, ...rest: Rest<Name>): void
  /** Adds a value to a histogram, in the unit of the metric. */
  observe<Name extends HistogramName>(name: Name, value: number, ...rest: Rest<Name>): void
  /** Writes what was counted and measured since the last time: once for each invocation. */
  flush(): void
}

type Attributes = Readonly<Record<string, string | number | boolean>>

/** A span: what is done for one event at one station. */
export type SpanOptions = {
  /** The `traceparent` of the span that caused it, wherever that is; without one it begins a trace that is sampled. */
  readonly parent: string | undefined
  /** A server or a consumer begins the part of a trace that its function does. */
  readonly kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal'
  /** Named as OpenTelemetry's semantic conventions name them: `http.*`, `messaging.*`. */
  readonly attributes?: Attributes
}

/** Milliseconds since 1970. */
export type SpanTimes = { readonly start: number; readonly end: number; readonly error?: string }

/**
 * Follows single events. A trace is named by its `traceparent` (trace.ts), which travels in the event; one without the
 * flag *sampled* costs nothing here. Nothing throws.
 */
export type Tracing = {
  /**
   * Returns the parent of what a request does: the `traceparent` of its header, if that is valid. Otherwise undefined, so
   * that a new trace is sampled, if the last one of this instance was a second ago; else a new one that is not sampled.
   */
  begin(header: string | undefined): string | undefined
  /**
   * Records a span that has ended. Returns the `traceparent` of its children: that of the parent if it is not sampled.
   */
  record(name: string, options: SpanOptions & SpanTimes): string
  /**
   * Runs something as a span: `run` gets the `traceparent` of its children, and `describe` adds attributes when it is
   * done. What it throws is noted by its type, and thrown.
   */
  span<T>(
    name: string,
    options: SpanOptions & { readonly describe?: (result: T) => Attributes },
    run: (traceparent: string) => Promise<T>,
  ): Promise<T>
  /** Sends what was recorded. Returns when it has left the sandbox. */
  flush(): Promise<void>
}

/** What a function has of it. `service` is the function's key in serverless.yml: shards of one share it. */
export type Telemetry = {
  readonly service: string
  readonly metrics: Metrics
  readonly tracing: Tracing
  /** The report of the instance, where the function does not write it itself. */
  readonly report?: Pick<InstanceReporter, 'look' | 'write'>
}

/** Returns metrics that also go into the report of the instance, as far as they are hops. */
export function withHops(metrics: Metrics, report: Pick<InstanceReporter, 'countHop'>): Metrics {
  const hops: ReadonlySet<string> = new Set(HOPS)
  return {
    ...metrics,
    observe(name, value, ...rest) {
      metrics.observe(name, value, ...rest)
      if (hops.has(name)) report.countHop(name, Math.max(0, value))
    },
  }
}

/** The part of the dependencies of a function. A test may leave it out. */
export type Measured = { readonly telemetry?: Telemetry }

/** Measures nothing and follows nothing: for what is not asked to. */
export const NO_TELEMETRY: Telemetry = {
  service: 'none',
  metrics: { count: () => {}, observe: () => {}, flush: () => {} },
  tracing: {
    begin: continueTrace,
    record: (_, { parent }) => continueTrace(parent),
    span: (_, { parent }, run) => run(continueTrace(parent)),
    flush: async () => {},
  },
}
