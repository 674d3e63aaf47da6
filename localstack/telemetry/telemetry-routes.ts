import type { IncomingMessage, ServerResponse } from 'node:http'
import { localMetrics } from '../../infra/metric-list.ts'
import { NO_PAGES, requestProblem } from '../trusted-requests.ts'
import { gaugesText, type Sample } from './metrics-registry.ts'
import type { KafkaFigures } from './read-kafka-figures.ts'
import type { TraceStore } from './trace-store.ts'

/** Where the figures come from. */
export type TelemetrySources = {
  readonly traces: TraceStore
  /** Returns the metrics of the functions as text. */
  readonly functionMetrics: () => Promise<string>
  /** Rejects if Kafka does not answer. */
  readonly kafkaFigures: () => Promise<KafkaFigures>
  /** How many invocations have not ended. */
  readonly queue: () => number
}

/** Answers what the routes of the local stack alone are; returns false for any other request. */
export type RespondLocally = (request: IncomingMessage, response: ServerResponse) => boolean

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'
const LISTED = 100
const TRACE = /^\/traces\/([^/]+)$/

/**
 * Returns the routes that the local gateway has beside the API, and no deployed stage: `GET /metrics` for Prometheus, and
 * `GET /traces` and `GET /traces/{id}`. They need no credentials; the gateway lets in loopback only.
 */
export function telemetryRoutes(sources: TelemetrySources, sockets: () => number): RespondLocally {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const [, id] = TRACE.exec(path) ?? []
    // Node sends no body in the response to HEAD.
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead || (path !== '/metrics' && path !== '/traces' && id === undefined)) return false
    request.resume()
    // Nobody gives a key here: not even a name or a page that the stack lets in otherwise, such as a tunnel.
    const problem = requestProblem(request, NO_PAGES)
    if (problem !== null) {
      sendJson(response, 403, { message: problem })
      return true
    }
    if (path === '/metrics')
      metricsText(sources, sockets()).then(
        (text) => send(response, 200, PROMETHEUS, text),
        () => response.destroy(),
      )
    else if (id === undefined) sendJson(response, 200, { traces: sources.traces.list(LISTED).map(summaryOf) })
    else {
      const trace = sources.traces.find(id)
      if (trace) sendJson(response, 200, trace)
      else
        sendJson(response, 404, {
          message: 'There is no such trace here; only sampled ones are kept, the latest 1000.',
        })
    }
    return true
  }
}

function summaryOf({ id, start, milliseconds, segments }: ReturnType<TraceStore['list']>[number]) {
  const spans = segments.map(({ annotations, name }) => annotations?.span ?? name)
  return { id, start, milliseconds, spans }
}

async function metricsText(
  { functionMetrics, kafkaFigures, queue }: TelemetrySources,
  sockets: number,
): Promise<string> {
  const one = (value: number): Sample[] => [{ labels: {}, value }]
  const [ofFunctions, kafka] = await Promise.all([
    functionMetrics(),
    kafkaFigures().catch((): KafkaFigures => ({ ends: [], lags: [] })),
  ])
  const samples = new Map<string, readonly Sample[]>([
    ['kafka_consumer_lag', kafka.lags],
    ['kafka_end_offset', kafka.ends],
    ['socket_connections', one(sockets)],
    ['function_queue', one(queue())],
    ['process_memory', one(process.memoryUsage.rss())],
  ])
  return `${ofFunctions}${await gaugesText(localMetrics(), samples)}`
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', JSON.stringify(body))
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}
