import type { HttpRequest } from '#shared/adapters/http/http-message.ts'
import type { EventLog } from '#shared/pipeline/ports.ts'
import { NO_TELEMETRY, type Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'

/**
 * Returns the dependencies of one request: what it appends is a span of its trace, and the time from the request to the
 * answer of Kafka is measured.
 */
export function followAppends<Deps extends { readonly kafka: EventLog }>(
  { caller: { trace } }: Pick<HttpRequest, 'caller'>,
  deps: Deps,
  { metrics, tracing }: Telemetry = NO_TELEMETRY,
): Deps {
  const { kafka } = deps
  const began = performance.now()
  const append: EventLog['append'] = async (records) => {
    const topics = [...new Set(records.map(({ topic }) => topic))]
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topics.join(','),
      'messaging.batch.message_count': records.length,
    }
    const options = { parent: trace ?? '', kind: 'producer', attributes } as const
    const positions = await tracing.span('append', options, () => kafka.append(records))
    metrics.observe('accept_to_append', performance.now() - began)
    return positions
  }
  return { ...deps, kafka: { ...kafka, append } }
}
