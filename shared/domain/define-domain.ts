import type * as z from 'zod'
import type { ErasedEvent } from '#shared/core/erasure.ts'

/** A constant value, or a function of the data with the description of its rule for the catalog. */
export type Derived<Data> = string | { readonly rule: string; readonly of: (data: Data) => string }

/**
 * An event type: the schema of its `data`, and attributes that are derived from the data if the producer did not set them.
 * The functions must be pure; they get only data that matches the schema, with doubles as numbers. Data is checked, never changed, so a schema must
 * not have transforms. Use loose objects, so that a producer can add members. `.optional()` allows an event without data.
 */
export type EventDefinition<Data = unknown> = {
  readonly schema: z.ZodType<Data>
  /** The channel that the event is pushed on. The default is the type itself. */
  readonly category?: Derived<Data>
  /** The default is `info`. */
  readonly severity?: Derived<Data>
  /** The partition key. Events with the same key keep their order. */
  readonly key?: (data: Data) => string | undefined
  /** Only a view or the pipeline itself writes it: nobody may post it. */
  readonly isInternal?: true
  /** The member of the data that names who acted. The server fills it in from the credential. */
  readonly actor?: string
  /** Events that follow from it do not repeat its data: if it is erased, they stay. All others are erased with it. */
  readonly isRepeated?: false
}

/** The attributes of a CloudEvent that folds can read. */
export type DomainEvent = {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  readonly time?: string
  readonly category?: string
  readonly severity?: string
  readonly partitionkey?: string
  readonly data?: unknown
  readonly [extension: string]: unknown
}

/**
 * The input of a fold: an event and its position in Kafka. There is no clock and no randomness, so that a replay
 * gives the same states.
 */
export type FoldInput = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Its data has a double for each number: one with more digits is rounded, and one that is too large is infinite. */
  readonly event: DomainEvent
  /**
   * The data with every digit, if that of `event` has lost some and the fold runs on the server: for what a state shows
   * and nothing computes with. See shared/core/json/exact-json.ts.
   */
  readonly exactData?: unknown
}

/** An event that follows from another. The pipeline gives it a deterministic id and derives missing attributes. */
export type Emission = {
  readonly type: string
  readonly subject?: string
  readonly category?: string
  readonly severity?: string
  readonly partitionkey?: string
  /** The default is the time of the event that it follows from. */
  readonly time?: string
  readonly data?: unknown
}

/** Another event of the same partition, by its id and source or its offset. */
export type RelatedEvent = { readonly id: string; readonly source: string } | { readonly offset: number }

/** What a view does when the data of an event that it has folded is erased. */
export type Erasing<State> = {
  /** What is removed and what stays, in words for the catalog. */
  readonly rule: string
  /**
   * Returns the state without the data of an event, and the same object if it has none. It is called once for each
   * erased event, and again after a rebuild. Without it the view must keep no data of single events.
   */
  readonly forget?: (state: State, erased: ErasedEvent, key: string) => State
  /** The other events of the partition that repeat the data, or add texts of people to it: they are erased too. */
  readonly related?: (state: State, erased: ErasedEvent, key: string) => readonly RelatedEvent[]
}

/**
 * A view: a pure fold over the events of its channels. A state is JSON of at most 100 KB. There is a separate state for each
 * key, topic and partition. `apply` must accept every event; if it ignores one, it must return the same object, and then
 * nothing is saved.
 */
export type View<State = unknown> = {
  readonly description: string
  /** How the fold handles events whose time is before that of events already folded. Shown in the catalog. */
  readonly lateEvents: string
  /** Patterns of the channels whose events it folds. */
  readonly channels: readonly string[]
  /** The channels of one key, if these are fewer. A client of that key subscribes to them. */
  readonly channelsOf?: (key: string) => readonly string[]
  /** The keys of the states that an event belongs to. The default is one state, under the key "". */
  readonly keys?: (input: FoldInput) => readonly string[]
  /**
   * The keys that an earlier version kept the states of an event under. Such states are read, changed and erased as long
   * as they are kept: `keys` of the events that change them must include these keys.
   */
  readonly formerKeys?: (input: FoldInput) => readonly string[]
  readonly initial: (key: string) => State
  readonly apply: (state: State, input: FoldInput, key: string) => State
  /**
   * Merges the states of a key from several partitions, in the order of topic and partition. Required if the events
   * of a key have different partition keys.
   */
  readonly merge?: (left: State, right: State) => State
  /**
   * What it presents names nobody, nor do its keys: a reader of some of its channels may read it. Otherwise a reader
   * must be allowed to read all of them, and so must a reader of the states of its partitions.
   */
  readonly isAggregate?: true
  /** The events that follow from one event, given the state before and after it. */
  readonly emit?: (before: State, input: FoldInput, after: State, key: string) => readonly Emission[]
  /**
   * Returns what readers get of a merged state, such as sums, ratios, and values that depend on `now` (milliseconds
   * since 1970).
   */
  readonly present?: (state: State, now: number, key: string) => unknown
  /**
   * The number of days after its last change when a state is deleted. By default states are kept. RETENTION can set
   * another time, and a state is kept at least as long as the events that it folds.
   */
  readonly keepDays?: number
  /** How it forgets an event that is erased. Every view of a domain that ships says so. */
  readonly erasing?: Erasing<State>
}

/** Declares a view with the type of its state. */
export function defineView<State>(view: View<State>): View<State> {
  return view
}

/** The request of a lifecycle move: the name of the user, the time (RFC 3339), and the body. */
export type MoveRequest = {
  readonly by: string
  readonly at: string
  readonly body: Readonly<Record<string, unknown>>
}
/**
 * The result of a move: the event to write, or the reason of a refusal. If `invalid`, the body is wrong, otherwise
 * the state forbids the move.
 */
export type MoveDecision =
  | { readonly type: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly refused: string; readonly invalid?: boolean }
export type Move<State = unknown> = {
  readonly description: string
  /** Members of the body that must name people of the directory, or be null. */
  readonly people?: readonly string[]
  /** Returns the event to write, or the reason why the move is refused. */
  decide(state: State, request: MoveRequest): MoveDecision
}

/** What lists show of a state. Lists omit deleted events, and can be filtered by the other members. */
export type StateSummary = {
  readonly isDeleted: boolean
  readonly [member: string]: string | boolean
}

/**
 * The lifecycle of a domain's events: `POST /events/{id}/<move>`. Who may make a move is said by the policy, under the
 * action `move.<domain>.<move>` (shared/core/access/policy.ts). The state is that of `view` under the first key of the event.
 * The event of a move has the event's partition key, its id as the subject, its source as the attribute `subjectsource`, and
 * `<its category>.lifecycle` as category.
 * The functions are methods, so that the pipeline, which treats a state as JSON, can pass the state of the view to them.
 */
export type Lifecycle<State = unknown> = {
  readonly view: string
  /** Patterns of the channels whose events it applies to. */
  readonly channels: readonly string[]
  readonly moves: { readonly [move: string]: Move<State> }
  /** Whether a state is that of the event: several events can have a key of an earlier version in common. */
  isOf(state: State, event: DomainEvent): boolean
  /** Returns the reason why the fold refused the move of this event, from the state after it, or null. */
  moveProblem(state: State, event: DomainEvent): string | null
  /** Returns what lists show of a state; null if there is nothing to show. */
  summary(state: State): StateSummary | null
  /** The members of a summary that lists can be filtered by: `GET /events?<member>=<value>,<value>`. */
  readonly filters: readonly string[]
}

/** Declares a lifecycle with the type of its state, which is that of its view. */
export function defineLifecycle<State>(lifecycle: Lifecycle<State>): Lifecycle<State> {
  return lifecycle
}

/** One event of a simulator, and the milliseconds of simulated time before it. */
export type SimulatedEvent = { readonly waitMs: number; readonly event: Emission }
/**
 * An endless, deterministic sequence of events. `random` returns numbers from 0 to 1; `begin` is the start in
 * milliseconds since 1970.
 */
export type Simulate = (random: () => number, begin: number) => Iterable<SimulatedEvent>

/** A domain: its Kafka topics with the channels each one carries (the first match is used), and its event types. */
export type Domain = {
  readonly name: string
  readonly topics: { readonly [topic: string]: readonly string[] }
  readonly events: { readonly [type: string]: EventDefinition<unknown> }
  // The functions of a view take its state, which the pipeline treats as JSON.
  // biome-ignore lint/suspicious/noExplicitAny: method parameters of different states have no common type
  readonly views?: { readonly [view: string]: View<any> }
  readonly lifecycle?: Lifecycle
  /**
   * How far the time of an event may be ahead of its record's, in seconds: 300 by default, `Infinity` for events that tell
   * the future. Events beyond it are stored and marked, and no view folds them (`isAhead`).
   */
  readonly maxLead?: number
  /** Members of event data that `GET /events?q=` searches, besides the type, subject and id of every event. */
  readonly searched?: readonly string[]
  /** Members of event data, or of a state's summary, that `GET /events.csv` has a column for. */
  readonly exported?: readonly string[]
  readonly simulate?: Simulate
}

/** A domain as it is declared: the functions of each type take the data of its schema. */
type DomainOf<Data> = Omit<Domain, 'events'> & {
  readonly events: { readonly [Type in keyof Data]: EventDefinition<Data[Type]> }
}

/** Declares a domain. The pipeline uses nothing of a domain but this value. */
export function defineDomain<Data>(domain: DomainOf<Data>): Domain {
  return domain as Domain
}
