/**
 * The limits of requests. `keyBytes` is the limit of an id or a source, because the sort key of a DynamoDB item has at most
 * 1,024 bytes (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
 */
export const ACCEPT_LIMITS = {
  bodyBytes: 1_000_000,
  eventBytes: 128 * 1024,
  batchEvents: 500,
  keyBytes: 1024,
  /** Attributes of one event, `data` included. */
  attributes: 100,
  /** Levels of arrays and objects in `data`, so that no encoder runs out of stack. */
  dataLevels: 128,
  /** The maximum length of a media type; types and subtypes have at most 127 characters (RFC 6838 §4.2). */
  mediaTypeLength: 1024,
} as const

/** The limits of what a webhook reads before it knows whether the signature is right. */
export const WEBHOOK_LIMITS = { formFields: 2000, formParts: 200 } as const

/** The limits of a cursor, on sockets and over HTTP: topics, and partitions of all topics together. */
export const CURSOR_LIMITS = { topics: 100, partitions: 1000 } as const

/** The maximum number of faults that a refusal lists, because a longer response would not help. */
export const FAULTS_LIMIT = 100

/** The limits of a query string: values of one list, and parameters. Channels have the limit of a subscription. */
export const QUERY_LIMITS = { values: 50, parameters: 50 } as const

/** The limits of a channel or pattern: segments, characters of a segment, single-segment wildcards. */
export const CHANNEL_LIMITS = { segments: 8, segmentLength: 64, wildcards: 2 } as const

/** The limits of the lists and texts of one subscription. */
export const INTEREST_LIMITS = {
  channels: 20,
  filterValues: 50,
  valueLength: 256,
  idLength: 64,
  sinceLength: 8192,
} as const

/**
 * A frame has at most 32 KB, unless a single event is larger, and never more than 128 KB. The gateway meters messages in units
 * of 32 KB and has a payload limit of 128 KB (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
 */
export const FRAME_LIMITS = { softBytes: 32 * 1024, hardBytes: 128 * 1024 } as const
/** The maximum number of events that a socket replays. A client that is further behind catches up over HTTP. */
export const REPLAY_LIMIT = 1000
/** The maximum number of subscriptions of one connection. */
export const SUBSCRIPTION_LIMIT = 50

/**
 * How many messages a connection may send within ten seconds. More are refused with `rate_limited`, and above `closing` the
 * connection is closed. A client that connects again sends one for each of its subscriptions.
 */
export const MESSAGE_LIMITS = { allowed: 200, closing: 1000 } as const

/** How many paints a page may report at once. */
export const PAINT_LIMITS = { atOnce: 20 } as const

/** The maximum number of seconds for which `GET /events/since` holds a request. */
export const LONG_POLL_LIMIT = 20

/**
 * Shards of the connections. Each adds some dozen resources to the template of a stage, which has room for 500 together
 * (tests/deploy/main-combinations.test.ts).
 */
export const SHARD_LIMIT = 16
