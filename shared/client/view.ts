import { parseCursor } from '#shared/core/cursor.ts'
import { isErased } from '#shared/core/erasure.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { View } from '#shared/domain/define-domain.ts'
import { applyEvent, keysOf, mergeParts, type ViewPart } from '#shared/pipeline/views/apply-event.ts'
import { type Clock, createBackoff } from './clock.ts'
import type {
  ClientError,
  ReceivedEvent,
  SubscribeHandlers,
  SubscribeRequest,
  TidewireState,
} from './feed.ts'
import { type FetchView, PageError, type ViewAddress, type ViewSnapshot } from './http.ts'

/**
 * What a domain exports for its readers: its name and its views, without the schemas of its events. Write it
 * `as const`, so that each view keeps the type of its state.
 */
export type ViewSet = {
  readonly name: string
  // A view's functions take its own state, of which this type knows nothing.
  // biome-ignore lint/suspicious/noExplicitAny: method parameters of different states have no common type
  readonly views: { readonly [view: string]: View<any> }
}

/** The type of a view's state. */
export type StateOf<Views extends ViewSet, Name extends keyof Views['views']> =
  Views['views'][Name] extends View<infer State> ? State : never

export type ViewHandlers = {
  /** Called at once after each change; `current` is made when it is asked for. */
  readonly onChange?: () => void
  /** What failed; it is tried again unless the status is `refused`. */
  readonly onError?: (error: ClientError) => void
}
export type ViewOptions = ViewHandlers & {
  /** One state of a collection; without it all of them. */
  readonly key?: string | undefined
}

/**
 * `loading`: there is nothing to rely on yet. `stale`: it may lag behind, because the connection is down or the snapshot
 * is being read again. `refused`: the server does not give it, and it is not asked for again.
 */
export type ViewStatus = 'loading' | 'live' | 'stale' | 'refused'

/** A view at one moment: the same object until something changes. */
export type ViewMoment<State> = {
  /** The merged state of each key; a view without keys has one, under "". */
  readonly states: ReadonlyMap<string, State>
  readonly status: ViewStatus
  /** When the states last changed, in epoch milliseconds; null before the first snapshot. */
  readonly updatedAt: number | null
}
export type FollowedView<State> = { readonly current: () => ViewMoment<State>; readonly close: () => void }

export type ViewRequest<State> = ViewAddress & { readonly definition: View<State> }
export type ViewDeps = {
  readonly fetchView: FetchView
  readonly subscribe: (
    request: SubscribeRequest,
    onEvent: (positioned: ReceivedEvent) => void,
    handlers: SubscribeHandlers,
  ) => () => void
  readonly clock: Clock
  readonly random: () => number
}

/** The definition of a view. Throws for a name that the domain does not have. */
export function definitionOf<Views extends ViewSet, Name extends keyof Views['views'] & string>(
  { name, views }: Views,
  view: Name,
): View<StateOf<Views, Name>> {
  const definition = views[view]
  if (definition === undefined) throw new Error(`the domain ${name} has no view ${view}`)
  return definition
}

/**
 * Keeps a view as the server has it: reads the snapshot, subscribes from its cursor, and applies the same fold to
 * what arrives. After a gap, when a topic was created again, or when it meets an event that was erased, it starts again
 * from another snapshot.
 */
export function followView<State>(
  { fetchView, subscribe, clock, random }: ViewDeps,
  request: ViewRequest<State>,
  { onChange, onError }: Required<ViewHandlers>,
): FollowedView<State> {
  const parts = createViewParts(request.definition, request.key)
  const backoff = createBackoff({ random })
  let status: ViewStatus = 'loading'
  let updatedAt: number | null = null
  let moment: ViewMoment<State> | null = null
  /** Ends the reading, the subscription or the wait that is under way. */
  let end = () => {}

  function begin() {
    const aborter = new AbortController()
    end = () => aborter.abort()
    fetchView<State>(request, aborter.signal)
      .then((snapshot) => aborter.signal.aborted || goOn(snapshot))
      .catch((error: unknown) => aborter.signal.aborted || fail(error))
  }
  function goOn(snapshot: ViewSnapshot<State>) {
    parts.reset(snapshot)
    const handlers = { onGap: beginAgain, onState: follow, onError }
    end = subscribe({ channels: channelsOf(request), since: snapshot.cursor || 'earliest' }, take, handlers)
    updated()
  }
  function take(positioned: ReceivedEvent) {
    // The server has folded the event with its data, and counts it: what is left of it would not give the same state.
    if (isErased(positioned.event)) return beginAgain()
    if (parts.apply(positioned)) updated()
  }
  function follow(state: TidewireState) {
    if (state === 'live') backoff.reset()
    setStatus(statusOf(state, status))
  }
  /** A fold that lags behind a topic that was created again would give the same snapshot at once: hence the wait. */
  function beginAgain() {
    end()
    end = clock.after(backoff.next(), begin)
    setStatus(status === 'loading' ? 'loading' : 'stale')
  }
  function fail(cause: unknown) {
    const { code = 'internal' } = cause as { readonly code?: string }
    onError({ code, detail: cause instanceof Error ? cause.message : String(cause), cause })
    if (cause instanceof PageError && !cause.permanent) beginAgain()
    else setStatus('refused')
  }
  function setStatus(next: ViewStatus) {
    if (next === status) return
    status = next
    changed()
  }
  function updated() {
    updatedAt = clock.now()
    changed()
  }
  function changed() {
    moment = null
    onChange()
  }
  begin()
  return {
    current: () => {
      moment ??= { states: parts.states(), status, updatedAt }
      return moment
    },
    close: () => end(),
  }
}

function channelsOf<State>({ definition, key }: ViewRequest<State>): readonly string[] {
  return (key !== undefined && definition.channelsOf?.(key)) || definition.channels
}

function statusOf(state: TidewireState, before: ViewStatus): ViewStatus {
  if (state === 'live') return 'live'
  if (state === 'closed') return 'refused'
  return before === 'loading' && state !== 'polling' ? 'loading' : 'stale'
}

/** The parts of a view, folded on by the same rules as the server's (docs/adr/0010). */
export type ViewParts<State> = {
  /** Starts again from what the server has. */
  readonly reset: (snapshot: ViewSnapshot<State>) => void
  /** Folds an event into the parts that do not include it yet. Returns whether any part changed. */
  readonly apply: (event: PositionedEvent) => boolean
  /** The merged state of each key: another map after each change, in which what did not change is the same object. */
  readonly states: () => ReadonlyMap<string, State>
}

/** Parts of a view with no state yet. `only` is the one key to keep, of a view with many. */
export function createViewParts<State>(view: View<State>, only?: string): ViewParts<State> {
  const kept = only === undefined ? view : { ...view, keys: keysWithin(view, only) }
  const byKey = new Map<string, Map<string, ViewPart<State>>>()
  const epochs = new Map<string, string>()
  /** The keys whose merged state is out of date. */
  const changed = new Set<string>()
  let states: ReadonlyMap<string, State> = new Map()

  function put(part: ViewPart<State>) {
    const streams = byKey.get(part.key) ?? new Map<string, ViewPart<State>>()
    byKey.set(part.key, streams.set(streamOf(part), part))
    changed.add(part.key)
  }
  return {
    reset: ({ parts, cursor }) => {
      for (const key of byKey.keys()) changed.add(key)
      byKey.clear()
      epochs.clear()
      for (const part of parts) {
        put(part)
        epochs.set(part.topic, part.epoch)
      }
      for (const [topic, { epoch }] of parseCursor(cursor)) epochs.set(topic, epoch)
    },
    apply: (event) => {
      const epoch = epochs.get(event.topic) ?? ''
      const stream = streamOf(event)
      const changes = applyEvent(kept, { ...event, epoch }, (key) => byKey.get(key)?.get(stream) ?? null)
      for (const { after } of changes) put(after)
      return changes.length > 0
    },
    states: () => {
      if (changed.size === 0) return states
      const next = new Map(states)
      for (const key of changed) {
        const state = mergeParts(kept, [...(byKey.get(key)?.values() ?? [])])
        if (state === null) next.delete(key)
        else next.set(key, state)
      }
      changed.clear()
      states = next
      return states
    },
  }
}

function keysWithin<State>(view: View<State>, only: string): NonNullable<View['keys']> {
  return (input) => keysOf(view, input as PositionedEvent).filter((key) => key === only)
}

function streamOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`
}
