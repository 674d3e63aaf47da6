import { Buffer } from 'node:buffer'
import { createSocket, type Socket } from 'node:dgram'
import {
  type Context,
  type Span as OpenSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { BasicTracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { SpanOptions, Tracing } from '#shared/pipeline/telemetry/telemetry.ts'
import { continueTrace, givenTrace, tracePartsOf } from '#shared/pipeline/trace.ts'
import { segmentDocument } from './segment-document.ts'

// The daemon takes one segment document in each UDP packet, after a line that names its format.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
const HEADER = '{"format":"json","version":1}\n'
/** The longest document that fits into a packet. */
const MAX_BYTES = 63_000
/** A new trace is begun at most so often by an instance, in milliseconds. */
const SAMPLE_MS = 1000
/** Spans of one invocation. A batch of sampled events must not become a flood of packets. */
const MAX_SPANS = 400

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const

type XrayOptions = {
  readonly service: string
  /** Where the daemon listens, as `AWS_XRAY_DAEMON_ADDRESS` says it: `host:port`, or `tcp:host:port udp:host:port`. */
  readonly daemon: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Is told how many spans were left out. */
  readonly dropped: (spans: number) => void
}

/**
 * Returns the tracing of a function: spans of OpenTelemetry, which X-Ray's daemon gets as segment documents by UDP. That
 * needs no way out of a VPC. What cannot be sent is lost: tracing fails nothing.
 */
export function xrayTracing({ service, daemon, now, dropped }: XrayOptions): Tracing {
  const send = packetSender(daemon)
  let ended: ReadableSpan[] = []
  const collector: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => void ended.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const tracer = new BasicTracerProvider({ spanProcessors: [collector] }).getTracer('tidewire')
  let nextSample = Number.NEGATIVE_INFINITY

  const start = (
    name: string,
    { parent, kind = 'internal', attributes = {} }: SpanOptions,
    startTime: number,
  ) => {
    const context = contextOf(parent)
    return context && tracer.startSpan(name, { kind: KINDS[kind], attributes, startTime }, context)
  }
  return {
    begin(header) {
      const given = givenTrace(header)
      const at = now()
      if (given !== undefined) return given
      // A clock that was set back must not stop the sampling.
      if (at < nextSample && nextSample - at <= SAMPLE_MS) return continueTrace(undefined)
      nextSample = at + SAMPLE_MS
      return undefined
    },
    record(name, options) {
      const span = start(name, options, options.start)
      if (!span) return continueTrace(options.parent)
      if (options.error !== undefined) fail(span, options.error)
      span.end(options.end)
      return traceparentOf(span)
    },
    async span(name, options, run) {
      const span = start(name, options, now())
      if (!span) return run(continueTrace(options.parent))
      try {
        const result = await run(traceparentOf(span))
        if (options.describe) span.setAttributes(options.describe(result))
        return result
      } catch (error) {
        fail(span, error instanceof Error ? error.name : typeof error)
        throw error
      } finally {
        span.end(now())
      }
    },
    async flush() {
      if (ended.length === 0) return
      const spans = ended.slice(0, MAX_SPANS)
      dropped(ended.length - spans.length)
      ended = []
      await Promise.all(spans.map((span) => send(JSON.stringify(segmentDocument(span, { service })))))
    },
  }
}

/** Returns undefined for a parent that is not sampled. */
function contextOf(parent: string | undefined): Context | undefined {
  if (parent === undefined) return ROOT_CONTEXT
  const parts = tracePartsOf(parent)
  if (!parts?.isSampled) return undefined
  const { traceId, spanId } = parts
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  })
}

function traceparentOf(span: OpenSpan): string {
  const { traceId, spanId } = span.spanContext()
  return `00-${traceId}-${spanId}-01`
}

/** Of an error its type: its text may quote what came in. */
function fail(span: OpenSpan, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR, message: type })
}

/** The socket is opened for the first document, and does not keep a process alive. */
function packetSender(daemon: string): (document: string) => Promise<void> {
  const address = daemon.split(' ').find((one) => !one.startsWith('tcp:')) ?? daemon
  const [port = '2000', host = '127.0.0.1'] = address.replace(/^udp:/, '').split(':').reverse()
  let socket: Socket | undefined
  const open = () =>
    createSocket('udp4')
      .on('error', () => {})
      .unref()
  return (document) =>
    new Promise((resolve) => {
      if (Buffer.byteLength(document) > MAX_BYTES) return resolve()
      socket ??= open()
      socket.send(HEADER + document, Number(port), host, () => resolve())
    })
}
