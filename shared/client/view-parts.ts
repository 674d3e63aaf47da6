import { parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { View } from '#shared/domain/define-domain.ts'
import { applyEvent, keysOf, mergeParts, type ViewPart } from '#shared/pipeline/views/apply-event.ts'
import type { ViewSnapshot } from './fetch-view.ts'

/** The parts of a view, or of one of its keys, folded on by the same rules as the server's (docs/adr/0010). */
export type ViewParts<State> = {
  readonly view: View<State>
  readonly byKey: Map<string, Map<string, ViewPart<State>>>
  readonly epochs: Map<string, string>
  /** The keys whose merged state is out of date. */
  readonly changed: Set<string>
  states: ReadonlyMap<string, State>
}

/** Holds nothing yet; `only` is the one key to keep, of a view with many. */
export function createViewParts<State>(view: View<State>, only?: string): ViewParts<State> {
  const keys: View['keys'] = (input) => keysOf(view, input as PositionedEvent).filter((key) => key === only)
  const kept = only === undefined ? view : { ...view, keys }
  return { view: kept, byKey: new Map(), epochs: new Map(), changed: new Set(), states: new Map() }
}

/** Begins anew with what the server has. */
export function resetParts<State>(held: ViewParts<State>, { parts, cursor }: ViewSnapshot<State>): void {
  for (const key of held.byKey.keys()) held.changed.add(key)
  held.byKey.clear()
  held.epochs.clear()
  for (const part of parts) {
    put(held, part)
    held.epochs.set(part.topic, part.epoch)
  }
  for (const [topic, { epoch }] of parseCursor(cursor)) held.epochs.set(topic, epoch)
}

/** Folds an event into the parts that do not include it yet; false if it changed none. */
export function applyToParts<State>(held: ViewParts<State>, input: PositionedEvent): boolean {
  const epoch = held.epochs.get(input.topic) ?? ''
  const stream = streamOf(input)
  const partOf = (key: string) => held.byKey.get(key)?.get(stream) ?? null
  const changes = applyEvent(held.view, { ...input, epoch }, partOf)
  for (const { after } of changes) put(held, after)
  return changes.length > 0
}

/** The merged state of each key: another map after each change, in which what did not change is the same object. */
export function statesOf<State>(held: ViewParts<State>): ReadonlyMap<string, State> {
  if (held.changed.size === 0) return held.states
  const states = new Map(held.states)
  for (const key of held.changed) {
    const state = mergeParts(held.view, [...(held.byKey.get(key)?.values() ?? [])])
    if (state === null) states.delete(key)
    else states.set(key, state)
  }
  held.changed.clear()
  held.states = states
  return states
}

function put<State>({ byKey, changed }: ViewParts<State>, part: ViewPart<State>): void {
  const streams = byKey.get(part.key) ?? new Map<string, ViewPart<State>>()
  byKey.set(part.key, streams.set(streamOf(part), part))
  changed.add(part.key)
}

function streamOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`
}
