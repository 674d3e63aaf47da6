import type * as z from 'zod'
import type { Role } from '#shared/core/role.ts'

/** A value that is always the same, or one read off the data, with its rule in words for readers of the catalog. */
export type Derived<Data> = string | { readonly rule: string; readonly of: (data: Data) => string }

/**
 * An event type: the schema of its `data`, and what is derived of the data where a producer left it out. The functions
 * get only data that fits the schema, and are pure. Data is checked, never changed: make schemas without transforms,
 * and loose objects, so that a producer may say more. `.optional()` allows an event without data.
 */
export type EventDefinition<Data = unknown> = {
  readonly schema: z.ZodType<Data>
  /** The channel that the event is pushed on; the type itself where this is left out. */
  readonly category?: Derived<Data>
  /** `info` where this is left out. */
  readonly severity?: Derived<Data>
  /** Order is kept among events with the same key. */
  readonly key?: (data: Data) => string | undefined
}

/** An event as domains see it: the CloudEvent attributes that folds read. */
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

/** What a fold is given: an event and where it stands in Kafka. Nothing else: no clock, no randomness. */
export type FoldInput = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly event: DomainEvent
}

/** An event that follows from another; the pipeline gives it a deterministic id, and derives what is left out. */
export type Emission = {
  readonly type: string
  readonly subject?: string
  readonly category?: string
  readonly severity?: string
  readonly partitionkey?: string
  /** The time of the event that it follows from, where this is left out. */
  readonly time?: string
  readonly data?: unknown
}

/**
 * A view: a pure fold over the events of its channels. A state is JSON of at most 100 KB, and is kept for each key,
 * topic and partition apart; `apply` is total (an event it cannot use leaves the state as it is: answer the very same
 * object, then nothing is saved) and knows nothing of other partitions.
 */
export type View<State = unknown> = {
  readonly description: string
  /** How events are handled whose time lies before that of events already folded. Read by people. */
  readonly lateEvents: string
  /** Patterns of the channels whose events it folds. */
  readonly channels: readonly string[]
  /** The channels of one key, where these are fewer: what a client of that key subscribes to. */
  readonly channelsOf?: (key: string) => readonly string[]
  /** The keys of the states that an event belongs to; without this there is one state, under the key "". */
  readonly keys?: (input: FoldInput) => readonly string[]
  readonly initial: (key: string) => State
  readonly apply: (state: State, input: FoldInput, key: string) => State
  /** Joins the states of a key from several partitions, in the order of topic and partition. Needed where a key's events have different partition keys. */
  readonly merge?: (left: State, right: State) => State
  /** The events that follow from one event, given the state before and after it. */
  readonly emit?: (before: State, input: FoldInput, after: State, key: string) => readonly Emission[]
  /** What readers get of a (merged) state: what depends on the time of day, sums, ratios. `now` in milliseconds. */
  readonly present?: (state: State, now: number, key: string) => unknown
  /** A state is forgotten so many days after its last change; without this it is kept. */
  readonly keepDays?: number
}

/** Declares a view with the type of its state. */
export function defineView<State>(view: View<State>): View<State> {
  return view
}

/** Who asks for a lifecycle move, when (RFC 3339), and the body of the request. */
export type MoveRequest = {
  readonly by: string
  readonly at: string
  readonly body: Readonly<Record<string, unknown>>
}
/** What a move answers: the event to write, or the reason why it is refused (`invalid`: the body is wrong; else the state forbids it). */
export type MoveDecision =
  | { readonly type: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly refused: string; readonly invalid?: boolean }
export type Move<State = unknown> = {
  readonly description: string
  readonly roles: readonly Role[]
  /** Returns the event to write, or why the move is refused. */
  decide(state: State, request: MoveRequest): MoveDecision
}

/** What lists show of a state: events that are deleted are left out, and lists can be filtered by the other members. */
export type StateSummary = {
  readonly isDeleted: boolean
  readonly [member: string]: string | boolean
}

/**
 * The lifecycle of a domain's events: `POST /events/{id}/<move>`. The state is that of `view` under the event's id.
 * The event of a move takes the event's partition key, its id as the subject, and `<its category>.lifecycle` as category.
 * The functions are methods, so that the pipeline, which knows a state only as JSON, can pass back what the view made.
 */
export type Lifecycle<State = unknown> = {
  readonly view: string
  /** Patterns of the channels whose events it applies to. */
  readonly channels: readonly string[]
  readonly moves: { readonly [move: string]: Move<State> }
  /** Returns why the fold refused the move of this event, from the state after it; null if it did not. */
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

/** One event of a simulator, and after how many milliseconds of simulated time it happens. */
export type SimulatedEvent = { readonly waitMs: number; readonly event: Emission }
/** An endless, deterministic sequence of events: `random` answers numbers from 0 to 1, `begin` is the time it starts at in milliseconds. */
export type Simulate = (random: () => number, begin: number) => Iterable<SimulatedEvent>

/** A domain: its Kafka topics with the channels each one carries (the first that matches wins), and its event types. */
export type Domain = {
  readonly name: string
  readonly topics: { readonly [topic: string]: readonly string[] }
  readonly events: { readonly [type: string]: EventDefinition<unknown> }
  // A view's functions take its own state, of which the pipeline knows only that it is JSON.
  // biome-ignore lint/suspicious/noExplicitAny: method parameters of different states have no common type
  readonly views?: { readonly [view: string]: View<any> }
  readonly lifecycle?: Lifecycle
  /** Members of event data that `GET /events?q=` searches, besides the type, subject and id of every event. */
  readonly searched?: readonly string[]
  /** Members of event data, or of a state's summary, that `GET /events.csv` has a column for. */
  readonly exported?: readonly string[]
  readonly simulate?: Simulate
}

/** A domain as it is written down: each type's functions take the data of its own schema. */
type DomainOf<Data> = Omit<Domain, 'events'> & {
  readonly events: { readonly [Type in keyof Data]: EventDefinition<Data[Type]> }
}

/** Declares a domain. The plug contract: everything that the pipeline knows of a domain is in this value. */
export function defineDomain<Data>(domain: DomainOf<Data>): Domain {
  return domain as Domain
}
