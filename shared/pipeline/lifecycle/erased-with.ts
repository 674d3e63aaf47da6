import { isErased } from '#shared/core/erasure.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { RelatedEvent } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { ClaimKey } from '#shared/pipeline/claim-store.ts'
import { pollWithin } from '#shared/pipeline/poll.ts'
import { everyKeyOf } from '#shared/pipeline/views/apply-event.ts'
import { followUp } from '#shared/pipeline/views/follow-up.ts'
import type { PartKey, ViewStore } from '#shared/pipeline/views/view-store.ts'
import type { NamedView, Views } from '#shared/pipeline/views/views.ts'
import { areStored, type FoundEvent, type RequireDeps, readClaimed } from './find-event.ts'

export type ErasedWithDeps = RequireDeps & {
  readonly catalog: Pick<Catalog, 'names' | 'definitionOf'>
  readonly viewStore: Pick<ViewStore, 'load' | 'progress'>
  readonly views: Views
}

/** How many events are erased with one at most. */
const MOST = 500
/** How many events may follow from one for a key, and how many ids are looked up at once. */
const FOLLOWING = { most: 256, atOnce: 8 } as const

/**
 * Returns the events that are erased with an event, each after the one that it repeats: what follows from it, unless its
 * type says that this does not repeat its data, and what the views call related; and so on from these. Waits until all of
 * them are folded and stored; throws Refusal `unavailable` if that takes longer than `withinMs` at any of these steps.
 */
export async function findErasedWith(
  first: FoundEvent,
  withinMs: number,
  deps: ErasedWithDeps,
): Promise<FoundEvent[]> {
  const found = new Map([[placeOf(first), first]])
  let fresh = [first]
  while (fresh.length > 0 && found.size < MOST) {
    await assertFolded(fresh, withinMs, deps)
    if (fresh.some((one) => emits(one, deps))) await assertStored(withinMs, deps)
    const next = (await Promise.all(fresh.map((one) => relatedTo(one, deps)))).flat()
    fresh = [...new Map(next.map((one) => [placeOf(one), one])).values()].filter(
      (one) => !found.has(placeOf(one)),
    )
    for (const one of fresh) found.set(placeOf(one), one)
  }
  found.delete(placeOf(first))
  return [...found.values()]
}

/** Whether the views have folded the events of a partition up to an offset; waits for that. */
export async function areFolded(
  { topic, partition, epoch, event }: FoundEvent,
  offset: number,
  withinMs: number,
  { viewStore, views, clock }: Pick<ErasedWithDeps, 'viewStore' | 'views' | 'clock'>,
): Promise<boolean> {
  if (viewsOf(event, views).length === 0) return true
  const look = async () => {
    const progress = (await viewStore.progress(topic)).get(partition)
    const isThere = progress?.epoch === epoch && !progress.isRebuilding && progress.offset >= offset
    return isThere ? true : null
  }
  return (await pollWithin(look, withinMs, clock)) ?? false
}

function placeOf({ topic, partition, offset }: FoundEvent): string {
  return `${topic}-${partition}:${offset}`
}

function viewsOf({ category }: CloudEvent, views: Views): readonly NamedView[] {
  return views.of(category ?? '')
}

/** What is left of an erased event no longer shows what followed from it: that was erased before. */
function emits({ event }: FoundEvent, { views, catalog }: ErasedWithDeps): boolean {
  if (isErased(event) || catalog.definitionOf(event.type)?.isRepeated === false) return false
  return viewsOf(event, views).some(({ view }) => view.emit !== undefined)
}

async function assertFolded(
  events: readonly FoundEvent[],
  withinMs: number,
  deps: ErasedWithDeps,
): Promise<void> {
  const folded = await Promise.all(events.map((one) => areFolded(one, one.offset, withinMs, deps)))
  if (!folded.every(Boolean)) throw notYet('The views do not have all of the events yet')
}

/** What followed from an event is in Kafka once the event is folded, but perhaps not stored. */
async function assertStored(
  withinMs: number,
  { reader, catalog, store, clock }: ErasedWithDeps,
): Promise<void> {
  const held = await reader.held(catalog.names).catch((cause: unknown) => {
    throw notYet('Kafka does not say what it has', cause)
  })
  const look = async () => ((await areStored(held, store)) ? true : null)
  if ((await pollWithin(look, withinMs, clock)) === null)
    throw notYet('Events that may have followed are still being stored')
}

function notYet(why: string, cause?: unknown): Refusal {
  const detail = `${why}; nothing was erased. Send the request again.`
  return new Refusal('unavailable', detail, { cause, retryAfterSeconds: 2 })
}

async function relatedTo(found: FoundEvent, deps: ErasedWithDeps): Promise<FoundEvent[]> {
  const [following, related] = await Promise.all([followersOf(found, deps), relativesOf(found, deps)])
  return [...following, ...related]
}

async function followersOf(found: FoundEvent, deps: ErasedWithDeps): Promise<FoundEvent[]> {
  if (!emits(found, deps)) return []
  const emitting = viewsOf(found.event, deps.views).filter(({ view }) => view.emit !== undefined)
  const pairs = emitting.flatMap(({ name, view }) =>
    everyKeyOf(view, found).map((key) => (index: number) => followUp(name, key, found, index)),
  )
  return (await Promise.all(pairs.map((pairAt) => readFollowing(pairAt, deps)))).flat()
}

async function readFollowing(
  pairAt: (index: number) => ClaimKey,
  { claims, store }: ErasedWithDeps,
): Promise<FoundEvent[]> {
  const found: FoundEvent[] = []
  for (let from = 0; from < FOLLOWING.most; from += FOLLOWING.atOnce) {
    const pairs = Array.from({ length: FOLLOWING.atOnce }, (_, index) => pairAt(from + index))
    const claimed = await claims.find(pairs)
    const known = pairs.flatMap((pair, index) => {
      const claim = claimed[index]
      return claim ? [{ ...pair, ...claim }] : []
    })
    if (known.length === 0) break
    found.push(...(await Promise.all(known.map((claim) => readClaimed(claim, store)))).flat())
  }
  return found
}

/** What the views call related to an event, in its partition. */
async function relativesOf(found: FoundEvent, deps: ErasedWithDeps): Promise<FoundEvent[]> {
  const { topic, partition, epoch, event } = found
  if (isErased(event)) return []
  const asking = viewsOf(event, deps.views).flatMap(({ name, view }) => {
    const related = view.erasing?.related
    if (related === undefined) return []
    return everyKeyOf(view, found).map((key) => ({ part: { view: name, key, topic, partition }, related }))
  })
  const parts = await deps.viewStore.load(asking.map(({ part }): PartKey => part))
  const relatives = asking.flatMap(({ part: { key }, related }, index) => {
    const part = parts[index]
    return part?.epoch === epoch ? related(part.state, { ...event, offset: found.offset }, key) : []
  })
  return (await Promise.all(relatives.map((one) => readRelative(one, found, deps)))).flat()
}

async function readRelative(
  relative: RelatedEvent,
  { topic, partition, epoch }: FoundEvent,
  { claims, store }: ErasedWithDeps,
): Promise<FoundEvent[]> {
  if ('offset' in relative) {
    const { offset } = relative
    const read = await store.read({ topic, epoch, partition }, { after: offset - 1, upTo: offset, limit: 1 })
    return read.map((event) => ({ ...event, epoch }))
  }
  const [claim] = await claims.find([relative])
  if (claim?.topic !== topic || claim.partition !== partition) return []
  return readClaimed({ ...relative, ...claim }, store)
}
