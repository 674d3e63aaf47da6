/**
 * One metric. Its names follow from the key (`cloudWatchName`, `prometheusName`). A counter counts things; a histogram
 * has the values themselves; a gauge is read where it is shown. `unit` is the one of CloudWatch; Prometheus gets
 * milliseconds as seconds.
 */
type MetricLine = {
  readonly kind: 'counter' | 'histogram' | 'gauge'
  readonly unit: 'Count' | 'Milliseconds' | 'Bytes' | 'None'
  /** Beside `stage` and `service` (the function, without a shard's number), which every metric of a function has. */
  readonly dimensions: readonly string[]
  readonly meaning: string
}

/**
 * The metrics of the functions: all of them, and the only place where their names are. They are written to the log once
 * for each invocation (embedded metric format, namespace `Tidewire`); locally `GET /metrics` shows them as Prometheus does.
 */
export const METRICS = {
  events_accepted: counter('Events that were answered with 202, repeats included.'),
  requests_refused: counter('Requests that were refused, by the code of the problem.', ['reason']),
  requests_limited: counter('Requests and messages that were refused with 429 or `rate_limited`.'),
  records_produced: counter('Records that Kafka confirmed.'),
  events_stored: counter('Events of batches that were stored and passed on to their subscribers.'),
  events_ahead: counter(
    'Stored events that move nothing, because their time is too far ahead of their record.',
  ),
  events_delivered: counter('Events in frames that were posted, counted once for each connection.'),
  frames_posted: counter('Frames of live events that the gateway took.'),
  posts_throttled: counter('Posts that the gateway refused with 429, each try of a frame.'),
  frames_per_event: {
    kind: 'histogram',
    unit: 'None',
    dimensions: [],
    meaning: 'Frames of a batch by its events: how well frames are shared by events.',
  },
  connections_gone: counter('Connections that the gateway no longer had (410) when a frame was posted.'),
  connections_ended: counter('Connections that were closed because their credential had ended.'),
  subscriptions_behind: counter('Subscriptions that missed a frame and were marked behind.'),
  events_repeated: counter('Records that were dropped because they repeat an event.'),
  dead_letters: counter('Records that became dead letters, by their code.', ['code']),
  partitions_failed: counter('Partitions of a batch that failed and come again.'),
  accept_to_append: histogram('From the arrival of a request to the answer of Kafka.'),
  append_to_deliver: histogram('From the time of a record to the start of its batch in `deliver`.'),
  deliver_to_store: histogram('From the start of a batch in `deliver` until its events are stored.'),
  store_to_post: histogram(
    'From the moment that events are stored to the post of the last frame of their batch.',
  ),
  accept_to_post: histogram('From the time of a record to the post of the last frame of its batch.'),
  fold_lag: histogram('From the time of a record to the moment its partition is folded beyond it.'),
  append_to_receive: histogram('From the time of a record to its arrival in a page, as pages report it.'),
  receive_to_paint: histogram('From the arrival in a page to the paint.'),
  accept_to_paint: histogram('From the time of a record to its paint, as pages report it.'),
  paints_reported: counter('Paints that pages reported.'),
  cold_starts: counter('Invocations that were the first one of their sandbox.'),
  function_duration: histogram('How long the handler of a function took.'),
  function_errors: counter('Invocations that ended with an error, or were out of time.'),
  spans_dropped: counter('Spans that were left out, because an invocation had too many.'),
} as const

/** What only the local stack knows: it reads these when `GET /metrics` is asked. */
export const LOCAL_METRICS = {
  kafka_consumer_lag: gauge('Records that a consumer group has not committed yet.', [
    'group',
    'topic',
    'partition',
  ]),
  kafka_end_offset: gauge('The offset that the next record of a partition gets.', ['topic', 'partition']),
  socket_connections: gauge('Open sockets.'),
  function_queue: gauge('Invocations that were asked for and have not ended.'),
  process_memory: {
    kind: 'gauge',
    unit: 'Bytes',
    dimensions: [],
    meaning: 'Memory of the whole local stack (resident set).',
  },
} as const

export type MetricName = keyof typeof METRICS
type NameOf<Kind extends MetricLine['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[MetricName]
export type CounterName = NameOf<'counter'>
export type HistogramName = NameOf<'histogram'>
/** The values of the dimensions of a metric: each one that it has. */
export type DimensionsOf<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]['dimensions'][number], string>
>

/** Returns the name of a metric in CloudWatch, such as `EventsAccepted`. */
export function cloudWatchName(name: string): string {
  return name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Returns the name of a metric in Prometheus, such as `tidewire_events_accepted_total` or `tidewire_fold_lag_seconds`. */
export function prometheusName(name: string, { kind, unit }: Pick<MetricLine, 'kind' | 'unit'>): string {
  const words = { Milliseconds: '_seconds', Bytes: '_bytes', Count: '', None: '' }
  return `tidewire_${name}${words[unit]}${kind === 'counter' ? '_total' : ''}`
}

function counter<const Dimensions extends readonly string[] = readonly []>(
  meaning: string,
  dimensions?: Dimensions,
) {
  return { kind: 'counter', unit: 'Count', dimensions: (dimensions ?? []) as Dimensions, meaning } as const
}

function histogram<const Dimensions extends readonly string[] = readonly []>(
  meaning: string,
  dimensions?: Dimensions,
) {
  const line = { kind: 'histogram', unit: 'Milliseconds', meaning } as const
  return { ...line, dimensions: (dimensions ?? []) as Dimensions }
}

function gauge<const Dimensions extends readonly string[] = readonly []>(
  meaning: string,
  dimensions?: Dimensions,
) {
  return { kind: 'gauge', unit: 'Count', dimensions: (dimensions ?? []) as Dimensions, meaning } as const
}
