import type { PositionedEvent } from '#shared/core/event.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'
import { entityTag } from './entity-tag.ts'
import { type FindDeps, findEvent, unknownEvent, type WantedEvent } from './find-event.ts'
import { loadState } from './load-state.ts'

/** An event, with its state where it has a lifecycle, and the tag of both. */
export type EventAnswer = {
  readonly body: PositionedEvent & { readonly state?: unknown }
  readonly tag: string
}

/** What was accepted a moment ago is waited for so long. */
const PATIENCE_MS = 300

/** The event with an id, deleted ones too. Throws Refusal `not_found`. */
export async function getEvent(
  wanted: WantedEvent,
  deps: FindDeps & { readonly viewStore: ViewStore },
): Promise<EventAnswer> {
  const found = await findEvent(wanted, PATIENCE_MS, deps)
  if (found === null) throw unknownEvent(wanted)
  const { topic, partition, offset, event } = found
  const kept = deps.lifecycles.of(event.category)
  const state = kept && (await loadState(found, kept, { offset, withinMs: PATIENCE_MS }, deps))
  const body = { topic, partition, offset, event, ...(state?.state != null && { state: state.state }) }
  return { body, tag: entityTag(state ?? found) }
}
