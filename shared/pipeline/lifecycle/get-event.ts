import { isErased } from '#shared/core/erasure.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { type Clock, pollWithin } from '#shared/pipeline/poll.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'
import { entityTag } from './entity-tag.ts'
import { type FindDeps, type FoundEvent, findEvent, unknownEvent, type WantedEvent } from './find-event.ts'
import type { KeptLifecycle } from './lifecycles.ts'
import { loadStates } from './load-states.ts'

/** An event, with its state if it has a lifecycle, and the entity tag of both. */
export type EventAnswer = {
  readonly body: PositionedEvent & { readonly state?: unknown }
  readonly tag: string
}

export type GetDeps = FindDeps & { readonly viewStore: ViewStore }

/** The maximum wait for an event that was just accepted, and for its state. */
const PATIENCE_MS = 300

/**
 * Returns the event with an id, even if it is deleted. Throws Refusal `not_found`, also for one that the principal may
 * not read.
 */
export async function getEvent(wanted: WantedEvent, deps: GetDeps): Promise<EventAnswer> {
  const found = await findEvent(wanted, PATIENCE_MS, deps)
  if (found === null) throw unknownEvent(wanted)
  const { topic, partition, offset, ahead, event, replayOf } = found
  const kept = deps.lifecycles.of(event.category)
  const state = kept && (await loadState(found, kept, { offset, withinMs: PATIENCE_MS }, deps))
  const shown =
    kept && state?.state != null && isErased(event) ? kept.forget(state.state, found) : state?.state
  const body = {
    topic,
    partition,
    offset,
    ...(ahead && { ahead }),
    event,
    ...(replayOf && { replayOf }),
    ...(shown != null && { state: shown }),
  }
  return { body, tag: entityTag(state ?? found, isErased(event)) }
}

/**
 * Returns the key of a view's state that a reader names. In the view of a lifecycle, what is no key is the id of an event
 * without its source: then it is the key of the event that `getEvent` returns.
 */
export async function keyNamed(
  name: string,
  view: string,
  principal: WantedEvent['principal'],
  deps: GetDeps,
): Promise<string> {
  if (!deps.lifecycles.views.has(view)) return name
  const { parts } = await deps.viewStore.read(view, { key: name, limit: 1 })
  if (parts.length > 0) return name
  const found = await findEvent({ id: name, principal }, 0, deps)
  const kept = found && deps.lifecycles.of(found.event.category)
  const [key = name] = found && kept?.view === view ? kept.keysOf(found) : []
  return key
}

/** The state of an event's lifecycle; `offset` is the last event that changed it. */
export type EventState = { readonly state: unknown; readonly epoch: string; readonly offset: number }

/**
 * Returns the state of an event's lifecycle once everything up to `offset` of its partition is folded; null if that
 * takes longer than `withinMs`, or during a rebuild of the views.
 */
export async function loadState(
  found: FoundEvent,
  kept: KeptLifecycle,
  { offset, withinMs }: { readonly offset: number; readonly withinMs: number },
  { viewStore, clock }: { readonly viewStore: ViewStore; readonly clock: Clock },
): Promise<EventState | null> {
  const { topic, partition, epoch } = found
  if (kept.keysOf(found).length === 0) return { state: null, epoch, offset: found.offset }
  const look = async (): Promise<EventState | null> => {
    // The progress is read first. Parts are saved before it advances, so they are at least as far.
    const progress = (await viewStore.progress(topic)).get(partition)
    const [part] = await loadStates([{ positioned: found, kept }], viewStore)
    const after = (await viewStore.progress(topic)).get(partition)
    // A part that a rebuild has deleted, or folds again from the beginning, must not be judged by.
    if (after?.isRebuilding || after?.rebuilds !== progress?.rebuilds) return null
    const own = part?.epoch === epoch ? part : null
    if (own && own.offset >= offset) return own
    if (progress?.epoch !== epoch || progress.offset < offset) return null
    return own ?? { state: null, epoch, offset: found.offset }
  }
  return pollWithin(look, withinMs, clock)
}
