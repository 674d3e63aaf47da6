/** What is accepted over HTTP. In bytes of JSON; `keyBytes`: an id or a source, as the sort key of a DynamoDB item has at most 1,024 bytes. */
export const ACCEPT_LIMITS = {
  bodyBytes: 1_000_000,
  eventBytes: 128 * 1024,
  batchEvents: 500,
  keyBytes: 1024,
} as const

/** A channel or pattern: segments, characters of a segment, single-segment wildcards. */
export const CHANNEL_LIMITS = { segments: 8, segmentLength: 64, wildcards: 2 } as const

/** The lists and texts of one subscription. */
export const INTEREST_LIMITS = {
  channels: 20,
  filterValues: 50,
  valueLength: 256,
  idLength: 64,
  sinceLength: 8192,
} as const

/** A frame is at most 32 KB (one metering unit of the gateway) unless a single event is larger; never over 128 KB. */
export const FRAME_LIMITS = { softBytes: 32 * 1024, hardBytes: 128 * 1024 } as const
/** The most events that a socket replays; further behind, the client catches up over HTTP. */
export const REPLAY_LIMIT = 1000
/** The most subscriptions of one connection. */
export const SUBSCRIPTION_LIMIT = 50
