import type { CloudEvent, Position, PositionedEvent } from '#shared/core/event.ts'
import type { Filter } from '#shared/core/interest.ts'
import type { Principal } from '#shared/core/role.ts'

/** A Kafka record as a consumer reads it. */
export type KafkaRecord = Position & {
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[]
}

/** A record to append: the partition follows from the key, unless one is named. */
export type NewRecord = {
  readonly topic: string
  readonly partition?: number
  readonly key: string
  readonly value: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

/** Kafka, the only log. */
export type EventLog = {
  /** Appends with acks=all and answers the positions in input order. Throws Refusal `unavailable` when Kafka cannot be written. */
  append(records: readonly NewRecord[]): Promise<Position[]>
}

/** The records of a partition from offset `from` up to, not including, `end`. */
export type Span = {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly end: number
}

/** Reads Kafka again from any offset: what a rebuild needs. */
export type LogReader = {
  /** What is there of each partition now, in the order of topics and partitions: `from` is 0 unless the beginning has expired. */
  held(topics: readonly string[]): Promise<Span[]>
  /** The offset that a consumer group goes on from, for each partition where it has committed one. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>
  /** Hands on the records of each span in order, a batch at a time, several spans at once. Throws what `take` throws. */
  read(
    spans: readonly Span[],
    take: (records: readonly KafkaRecord[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
}

/** A partition of one life of a topic. */
export type Stream = { readonly topic: string; readonly epoch: string; readonly partition: number }

/**
 * How far a stream is stored: nothing above `offset` may be trusted by a reader. `first` is its first event, or lies
 * above `offset` as long as there is none; `timestamp` is the latest of its records.
 */
export type Head = { readonly offset: number; readonly first: number; readonly timestamp: number }

/** The state of a topic, read with strong consistency. */
export type TopicState = { readonly epoch: string; readonly heads: ReadonlyMap<number, Head> }

export type StoredEvent = PositionedEvent & {
  readonly timestamp: number
  /** The writer made its id (docs/adr/0011): nothing but a retry of that write repeats it, in the same partition. */
  readonly hasMadeId?: true
  /** When the topic was found to be created anew, if it was: who subscribed before that counts offsets of its past. */
  readonly renewed?: number
}

/** Which stored events to read: those with `after` < offset ≤ `upTo`, at most `limit`, oldest or newest first. */
export type Range = {
  readonly after: number
  readonly upTo: number
  readonly limit: number
  readonly newestFirst?: boolean
}

/** The stored copy of the log that subscriptions are replayed from. Every read is strongly consistent. */
export type EventStore = {
  /** Reads a topic's epoch and heads; begins the first epoch of a topic that is new. */
  topic(topic: string): Promise<TopicState>
  /** Begins a new epoch after `old`, unless another worker already did; answers the epoch in force. */
  renewEpoch(topic: string, old: string): Promise<string>
  /** Stores events; all are durable when it answers. Storing the same position again changes nothing. */
  put(stream: Stream, events: readonly StoredEvent[]): Promise<void>
  /** Moves the head up, never down. */
  advance(stream: Stream, head: Head): Promise<void>
  /** Reads what has not expired. */
  read(stream: Stream, range: Range): Promise<StoredEvent[]>
}

/** Single-use passes for `$connect`. A store knows a ticket by its hash only. */
export type TicketStore = {
  /** Keeps a ticket until `expires`, in milliseconds since the epoch. */
  put(hash: string, principal: Principal, expires: number): Promise<void>
  /** Takes a ticket away: answers its principal to the first who asks in time, null to everyone else. */
  take(hash: string): Promise<Principal | null>
}

/** What a client asks to be registered. Equal attempts are told apart by their registration. */
export type SubscriptionRequest = {
  readonly connection: string
  readonly id: string
  readonly attempt: number
  readonly channels: readonly string[]
  readonly filter?: Filter
}
/** One registration: each has its own number, which grows: its time in milliseconds since the epoch of Unix, or a little more. */
export type SubscriptionRef = {
  readonly connection: string
  readonly id: string
  readonly registration: number
}
export type Subscription = SubscriptionRequest & SubscriptionRef & { readonly behind: boolean }

/** Connections and what they subscribed to. What has expired is never answered. */
export type SubscriptionStore = {
  connect(connection: string, principal: Principal): Promise<void>
  /** The principal of a connection, or null if it is unknown or has expired. */
  principalOf(connection: string): Promise<Principal | null>
  /** Writes a subscription so that every `matching` that starts later sees it. Null if a newer one is registered. */
  register(request: SubscriptionRequest): Promise<SubscriptionRef | null>
  list(connection: string): Promise<Subscription[]>
  remove(connection: string, id: string): Promise<void>
  /** Forgets a connection, with the subscriptions on record and those the caller `met`. */
  removeConnection(connection: string, met?: readonly Subscription[]): Promise<void>
  /** How many connections are open; late by `maxAgeMs` at most (a few seconds without it), and with those that were lost in silence. */
  countConnections(maxAgeMs?: number): Promise<number>
  /** Every subscription with one of these patterns among its channels, by pattern. Strongly consistent. */
  matching(patterns: readonly string[]): Promise<Map<string, readonly Subscription[]>>
  /**
   * Marks a subscription behind, if this registration is still the one in force. `list` shows the mark only once
   * `matching` shows it everywhere. Repeating it is cheap, and finishes what a crash left halfway.
   */
  markBehind(ref: SubscriptionRef): Promise<void>
}

/** What became of a frame: `failed` leaves open whether it arrived. */
export type PostResult = 'sent' | 'gone' | 'failed'

/** The WebSocket gateway's management API. */
export type SocketGateway = {
  /** Posts one text frame, retrying what may pass until `deadline` (milliseconds since the epoch). Never throws. */
  post(connection: string, frame: string, deadline: number): Promise<PostResult>
  close(connection: string): Promise<void>
}

/** A record that could not be processed. */
export type DeadLetter = Position & {
  readonly timestamp: number
  readonly reason: string
  readonly attempts: number
  /** The record's bytes in base64, cut to 256 KB; the whole record is still in Kafka. */
  readonly key: string | null
  readonly value: string | null
  readonly truncated: boolean
}
export type DeadLetterStore = {
  put(letter: DeadLetter): Promise<void>
  /** Newest first, of the given topics. */
  list(topics: readonly string[], limit: number): Promise<DeadLetter[]>
}

/** Decodes a record's bytes into an event; throws with the reason when it is no event. */
export type DecodeRecord = (record: KafkaRecord) => CloudEvent
