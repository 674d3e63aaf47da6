import type { HrTime } from '@opentelemetry/api'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'

// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
//   trace_id = "1-" 8HEX "-" 24HEX        the 32 digits of a W3C trace id
//   a span of a server or a consumer is a segment; any other is a subsegment that is sent on its own

/** What X-Ray takes as annotations, which can be searched for: names of letters, digits and underscores. */
type Annotations = Record<string, string | number | boolean>

/** Returns the segment document of a span of a service. */
export function segmentDocument(span: ReadableSpan, own: { readonly service: string }): object {
  const { traceId, spanId } = span.spanContext()
  const { kind, attributes, parentSpanContext, status, links } = span
  // What is recorded for another, such as a page.
  const service = String(attributes['service.name'] ?? own.service)
  const isSegment = kind === SpanKind.SERVER || kind === SpanKind.CONSUMER
  const http = httpOf(attributes)
  const code = Number(attributes['http.response.status_code'] ?? 0)
  return {
    trace_id: `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`,
    id: spanId,
    ...(parentSpanContext && { parent_id: parentSpanContext.spanId }),
    name: isSegment ? `tidewire-${service}` : span.name,
    start_time: secondsOf(span.startTime),
    end_time: secondsOf(span.endTime),
    ...(isSegment ? { origin: 'AWS::Lambda::Function' } : { type: 'subsegment' }),
    ...((status.code === SpanStatusCode.ERROR || code >= 500) && { fault: true }),
    ...(code >= 400 && code < 500 && { error: true }),
    ...(code === 429 && { throttle: true }),
    ...(http && { http }),
    annotations: annotationsOf(span, service),
    ...(links.length > 0 && { metadata: { links: links.map(({ context }) => context) } }),
  }
}

function secondsOf([seconds, nanoseconds]: HrTime): number {
  return seconds + Math.round(nanoseconds / 1e3) / 1e6
}

function httpOf(attributes: ReadableSpan['attributes']): object | undefined {
  const method = attributes['http.request.method']
  if (method === undefined) return undefined
  const status = attributes['http.response.status_code']
  return {
    request: { method, url: attributes['http.route'] },
    ...(status !== undefined && { response: { status } }),
  }
}

/** The names of OpenTelemetry with underscores for their dots, the name of the span and its kind. */
function annotationsOf({ name, kind, attributes, status }: ReadableSpan, service: string): Annotations {
  const own = Object.entries(attributes).flatMap(([key, value]): [string, string | number | boolean][] =>
    typeof value === 'object' || value === undefined ? [] : [[key.replaceAll('.', '_'), value]],
  )
  return {
    span: name,
    kind: SpanKind[kind]?.toLowerCase() ?? 'internal',
    service,
    ...(status.message !== undefined && { error_type: status.message }),
    ...Object.fromEntries(own),
  }
}
