import type { Principal } from '#shared/core/access/principal.ts'
import type { Position, PositionedEvent } from '#shared/core/event.ts'
import type { Filter } from '#shared/core/interest.ts'

/** A Kafka record as a consumer reads it. */
export type KafkaRecord = Position & {
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[]
}

/** A record to append. Its partition follows from the key, unless one is given. */
export type NewRecord = {
  readonly topic: string
  readonly partition?: number
  readonly key: string
  readonly value: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

/** Kafka, the only log. */
export type EventLog = {
  /** Appends with acks=all. Returns the positions in input order. Throws Refusal `unavailable` if Kafka did not confirm the write. */
  append(records: readonly NewRecord[]): Promise<Position[]>
}

/** The records of a partition from offset `from` up to, not including, `end`. */
export type Span = {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly end: number
}

/** A record to append with any bytes, as a record that somebody else wrote may have. Without a key it needs a partition. */
export type RawRecord = Omit<NewRecord, 'key' | 'headers'> & {
  readonly key: string | Uint8Array | null
  readonly headers: Readonly<Record<string, string | Uint8Array>>
}

/** Kafka for records of any bytes: what an EventLog promises holds for them too. */
export type RawLog = { append(records: readonly RawRecord[]): Promise<Position[]> }

/** Reads Kafka from any offset, as a rebuild must. */
export type LogReader = {
  /** Returns what each partition has now, in the order of topics and partitions. `from` is 0 unless the beginning has expired. */
  held(topics: readonly string[]): Promise<Span[]>
  /** Returns the offset at which a consumer group continues, for each partition in which it has committed one. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>
  /** Passes the records of each span to `take` in order, a batch at a time, several spans at once. Throws what `take` throws. */
  read(
    spans: readonly Span[],
    take: (records: readonly KafkaRecord[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
}

/** A partition of one life of a topic. */
export type Stream = { readonly topic: string; readonly epoch: string; readonly partition: number }

/**
 * How far a stream is stored. A reader must not trust anything above `offset` (docs/architecture.md, I1). `first` is the
 * offset of its first event, and above `offset` as long as there is none. `timestamp` is the latest of its records.
 */
export type Head = { readonly offset: number; readonly first: number; readonly timestamp: number }

/** The state of a topic, read with strong consistency. */
export type TopicState = { readonly epoch: string; readonly heads: ReadonlyMap<number, Head> }

export type StoredEvent = PositionedEvent & {
  /** What a fold gets of an event whose data has numbers that a double cannot hold (shared/domain/define-domain.ts). */
  readonly exactData?: unknown
  readonly timestamp: number
  /** Its id was made for its record (docs/adr/0011): only a retry of that write can repeat it, in the same partition. */
  readonly hasMadeId?: true
  /** The digest of what its producer sent (docs/adr/0028), where two events could have the same pair. */
  readonly digest?: string
  /** Of a replay: the dead letters that its own one was a replay of, the latest first. */
  readonly olderReplays?: readonly Position[]
  /** When the topic was found to have been created again, if it was: an earlier subscription counts offsets of the old topic. */
  readonly renewed?: number
}

/**
 * Which stored events to read: those with `after` < offset ≤ `upTo`, at most `limit`, oldest or newest first. With
 * `alsoExpired` those too that expired and are not deleted yet, oldest first: for a reader that the store has told where
 * to begin, so that what expires before it has read on is not missing.
 */
export type Range = {
  readonly after: number
  readonly upTo: number
  readonly limit: number
  readonly newestFirst?: boolean
  readonly alsoExpired?: boolean
}

/** The stored copy of the log, from which subscriptions are replayed. Every read is strongly consistent. */
export type EventStore = {
  /** Returns a topic's epoch and heads. Begins the first epoch of a new topic. */
  topic(topic: string): Promise<TopicState>
  /**
   * Begins a new epoch after `old`, unless another worker has already. Returns the current epoch. From then on no head of
   * `old` can be advanced.
   */
  renewEpoch(topic: string, old: string): Promise<string>
  /** Stores events; all are durable when it returns. Storing the same position again changes nothing. */
  put(stream: Stream, events: readonly StoredEvent[]): Promise<void>
  /**
   * Moves the head of a stream up from `known`; `known` is undefined for a stream without a head. Returns false, and
   * changes nothing that a reader sees, if the head is not exactly `known`, or the epoch of the stream has ended.
   */
  advance(stream: Stream, head: Head, known: Head | undefined): Promise<boolean>
  /**
   * Returns `after + 1` if no event above `after` has expired; otherwise the offset of the first one that has not, or the
   * one above the head. An event that is deleted counts as expired, and so does a gap behind expired ones. Events expire
   * in the order of their offsets, so this takes O(log n) reads, and none for a store that knows it from before.
   */
  firstLive(stream: Stream, head: Head, after: number): Promise<number>
  /**
   * Returns the offset of the first event that has not expired, and whose record is not older than a time (milliseconds
   * since 1970); the one above the head if there is none. The times of records grow with their offsets, except for the
   * differences of producers' clocks. Takes O(log n) reads.
   */
  firstSince(stream: Stream, head: Head, time: number): Promise<number>
  /**
   * Replaces a stored event by what is left of it (`erasedForm`), and remembers that it was erased: an attempt to store
   * the event again learns of it. Erasing it again changes nothing. `at` is RFC 3339.
   */
  erase(stream: Stream, offset: number, at: string): Promise<void>
  /** Returns which events between two offsets, ends included, were erased: the time by the offset. */
  erasures(
    stream: Stream,
    range: { readonly from: number; readonly to: number },
  ): Promise<ReadonlyMap<number, string>>
  /** Returns the events of a range that have not expired. It reads about as many as it returns, however many have. */
  read(stream: Stream, range: Range): Promise<StoredEvent[]>
}

/** Single-use tickets for `$connect`. A store has only the hash of a ticket. */
export type TicketStore = {
  /** Stores a ticket until `expires`, in milliseconds since the epoch. */
  put(hash: string, principal: Principal, expires: number): Promise<void>
  /** Removes a ticket. Returns its principal to the first caller in time, null to every other. */
  take(hash: string): Promise<Principal | null>
}

/** A subscription as a client requests it. Equal attempts are distinguished by their registration. */
export type SubscriptionRequest = {
  readonly connection: string
  readonly id: string
  readonly attempt: number
  readonly channels: readonly string[]
  readonly filter?: Filter
}
/** One registration. Each has its own growing number: its time in milliseconds since the Unix epoch, or a little more. */
export type SubscriptionRef = {
  readonly connection: string
  readonly id: string
  readonly registration: number
}

/** What a subscription keeps of the principal of its connection, so that every push can ask the policy. */
export type Reader = Pick<Principal, 'name' | 'id' | 'role' | 'grants' | 'issued' | 'expires'>

export type Subscription = SubscriptionRequest &
  SubscriptionRef & { readonly behind: boolean; readonly reader: Reader }

/** An open connection: who opened it, and when the gateway has ended it at the latest, in milliseconds since 1970. */
export type OpenConnection = { readonly principal: Principal; readonly ends: number }

/** An open connection as a list shows it. Times are in milliseconds since 1970. */
export type ListedConnection = OpenConnection & {
  readonly connection: string
  readonly connected: number
  /** Where it was opened from, as the gateway saw it. */
  readonly address?: string
  /** `behindSince` is when it first missed a frame, or null. */
  readonly subscriptions: readonly (Pick<Subscription, 'id' | 'channels' | 'filter'> & {
    readonly behindSince: number | null
  })[]
}

/** Which connections to list: of a principal, and with a text in their id, the name of their principal or their address. */
export type ConnectionQuery = {
  readonly limit: number
  readonly principal?: string
  readonly text?: string
  /** The `next` of the page before. */
  readonly next?: string
}

/** A page of connections, newest first. It may be short, or even empty, before the end: then `next` is not null. */
export type ConnectionPage = {
  readonly connections: readonly ListedConnection[]
  readonly next: string | null
}

/** Connections and their subscriptions. Nothing that has expired is returned. */
export type SubscriptionStore = {
  /** Returns false, and records nothing, if the principal has `atMost` connections. */
  connect(connection: string, principal: Principal, atMost?: number, address?: string): Promise<boolean>
  /** Returns a connection as it is now, strongly consistent; null if it is unknown or has expired. */
  find(connection: string): Promise<OpenConnection | null>
  /**
   * Counts a message of a connection. Returns how many there were in the last ten seconds at most, with this one; null if
   * the connection is unknown or has expired.
   */
  countMessage(connection: string): Promise<(OpenConnection & { readonly messages: number }) | null>
  /**
   * Gives a connection and its subscriptions the principal of a newer credential. Returns the connection as it is then: one
   * that has a still newer credential keeps it. Returns null if it is unknown or has expired.
   */
  renew(connection: string, principal: Principal): Promise<OpenConnection | null>
  /**
   * Writes a subscription for the principal of its connection, so that every later `matching` returns it. Returns null if a
   * newer attempt is registered, or the connection is gone. Throws Refusal `too_large` if the connection has as many
   * subscriptions as it may, however many are registered at once.
   */
  register(request: SubscriptionRequest): Promise<Subscription | null>
  list(connection: string): Promise<Omit<Subscription, 'reader'>[]>
  remove(connection: string, id: string): Promise<void>
  /** Removes a connection, with its stored subscriptions and those that the caller `met`. */
  removeConnection(connection: string, met?: readonly Subscription[]): Promise<void>
  /** Returns the number of open connections. Those that were lost without a close count until they expire, or up to ten minutes longer. */
  countConnections(): Promise<number>
  /**
   * Returns a page of the open connections, for people who look. What was opened or changed in the last second may be
   * missing. Throws Refusal `malformed` for a `next` that is none.
   */
  listConnections(query: ConnectionQuery): Promise<ConnectionPage>
  /** Returns every subscription with one of these patterns among its channels, by pattern. Strongly consistent. */
  matching(patterns: readonly string[]): Promise<Map<string, readonly Subscription[]>>
  /**
   * Marks a subscription behind, if this registration is still current (docs/architecture.md, I6). `list` shows the
   * mark only after `matching` shows it everywhere. To repeat it is cheap, and completes what a crash left incomplete.
   */
  markBehind(ref: SubscriptionRef): Promise<void>
}

/** The result of a post. After `failed` the frame may or may not have arrived. */
export type PostResult = 'sent' | 'gone' | 'failed'

/** The management API of the WebSocket gateway. */
export type SocketGateway = {
  /** Posts one text frame. Retries transient failures until `deadline`, a time of `performance.now()`. Never throws. */
  post(connection: string, frame: string, deadline: number): Promise<PostResult>
  close(connection: string): Promise<void>
}

/** What a record says: its event, and what the function that wrote it left in its headers. */
export type DecodedRecord = Pick<StoredEvent, 'event' | 'hasMadeId' | 'digest' | 'replayOf' | 'olderReplays'>

/**
 * Returns the event in a record. Throws with the reason if the record is not an event, or one that nobody may have
 * written.
 */
export type DecodeRecord = (record: KafkaRecord) => DecodedRecord
