import type { PositionedEvent } from '#shared/core/event.ts'
import type { PartKey, StoredPart, ViewStore } from '#shared/pipeline/views/view-store.ts'
import type { KeptLifecycle } from './lifecycles.ts'

/** An event, and the lifecycle that keeps its state. */
export type KeptEvent = { readonly positioned: PositionedEvent; readonly kept: KeptLifecycle }

/**
 * Returns the parts with the states of events, in input order; null for an event without one. A state is kept in the part
 * that the event's own partition makes. Former keys are read only for events that have no state under the present one.
 */
export async function loadStates(
  wanted: readonly KeptEvent[],
  viewStore: Pick<ViewStore, 'load'>,
  round = 0,
): Promise<(StoredPart | null)[]> {
  const asked = wanted.map((one) => partKeyOf(one, round))
  // Events of different sources may have a former key in common.
  const keys = new Map(asked.flatMap((key) => (key ? [[JSON.stringify(key), key]] : [])))
  if (keys.size === 0) return wanted.map(() => null)
  const loaded = await viewStore.load([...keys.values()])
  const parts = new Map([...keys.keys()].map((name, index) => [name, loaded[index] ?? null]))
  const own = wanted.map(({ positioned, kept }, index) => {
    const part = parts.get(JSON.stringify(asked[index])) ?? null
    return part && kept.lifecycle.isOf(part.state, positioned.event) ? part : null
  })
  const missing = wanted.filter((_, index) => own[index] === null)
  if (missing.length === 0) return own
  const others = (await loadStates(missing, viewStore, round + 1)).values()
  return own.map((part) => part ?? others.next().value ?? null)
}

function partKeyOf({ positioned, kept }: KeptEvent, round: number): PartKey | null {
  const { topic, partition } = positioned
  const key = kept.keysOf(positioned)[round]
  return key === undefined ? null : { view: kept.view, key, topic, partition }
}
