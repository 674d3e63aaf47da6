import { isErased } from '#shared/core/erasure.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { type Clock, pollWithin } from '#shared/pipeline/poll.ts'
import type { PartKey, ViewStore } from '#shared/pipeline/views/view-store.ts'
import { entityTag } from './entity-tag.ts'
import { type FindDeps, type FoundEvent, findEvent, unknownEvent, type WantedEvent } from './find-event.ts'
import type { KeptLifecycle } from './lifecycles.ts'

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
  const { topic, partition, offset, event } = found
  const kept = deps.lifecycles.of(event.category)
  const state = kept && (await loadState(found, kept, { offset, withinMs: PATIENCE_MS }, deps))
  const shown =
    kept && state?.state != null && isErased(event) ? kept.forget(state.state, found) : state?.state
  const body = { topic, partition, offset, event, ...(shown != null && { state: shown }) }
  return { body, tag: entityTag(state ?? found, isErased(event)) }
}

/** The state of an event's lifecycle; `offset` is the last event that changed it. */
export type EventState = { readonly state: unknown; readonly epoch: string; readonly offset: number }

/** Returns where the state of an event's lifecycle is kept: in the part that the event's own partition makes. */
export function partKeyOf(
  { topic, partition, event }: Pick<FoundEvent, 'topic' | 'partition' | 'event'>,
  { view }: KeptLifecycle,
): PartKey {
  return { view, key: event.id, topic, partition }
}

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
  if (!kept.keeps(found)) return { state: null, epoch, offset: found.offset }
  const look = async (): Promise<EventState | null> => {
    // The progress is read first. Parts are saved before it advances, so they are at least as far.
    const progress = (await viewStore.progress(topic)).get(partition)
    const [part] = await viewStore.load([partKeyOf(found, kept)])
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
