import { messageOf } from '#shared/core/message-of.ts'
import type { Emission, View } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { toDeadLetter } from '#shared/pipeline/deliver/dead-letter.ts'
import type { DeadLetter, KafkaRecord, NewRecord, StoredEvent } from '#shared/pipeline/ports.ts'
import { applyEvent, keysFor, type OnFault } from './apply-event.ts'
import { type Cause, recordOf } from './emit-events.ts'
import type { PartKey, StoredPart } from './view-store.ts'
import type { Views } from './views.ts'

/** What a batch comes to. `faults` are the events that a view could not use, by offset, with its reasons. */
export type Folded = {
  readonly changed: readonly StoredPart[]
  readonly emitted: readonly NewRecord[]
  readonly faults: ReadonlyMap<number, readonly string[]>
}

type FoldDeps = { readonly views: Views; readonly catalog: Catalog }

/** The parts that these events may change. */
export function partsTouched(events: readonly StoredEvent[], { views }: FoldDeps): PartKey[] {
  const touched = new Map<string, PartKey>()
  for (const { topic, partition, offset, event } of events)
    for (const { name, view } of views.of(event.category ?? ''))
      for (const key of keysFor(view, { topic, partition, offset, event })) {
        const part = { view: name, key, topic, partition }
        touched.set(idOf(part), part)
      }
  return [...touched.values()]
}

/**
 * Folds the events of one partition, in order, into the parts that are known: reads and writes nothing. A state counts
 * whatever becomes of the events that follow from it, as in clients, which emit nothing.
 */
export function foldEvents(
  events: readonly StoredEvent[],
  epoch: string,
  known: readonly StoredPart[],
  { views, catalog, emits }: FoldDeps & { readonly emits: boolean },
): Folded {
  const parts = new Map(known.map((part) => [idOf(part), part]))
  const changed = new Map<string, StoredPart>()
  const emitted: NewRecord[] = []
  const faults = new Map<number, string[]>()
  for (const stored of events)
    for (const { name, view } of views.of(stored.event.category ?? '')) {
      const { topic, partition, offset, event } = stored
      const input = { topic, partition, offset, event }
      const onFault = (reason: string) =>
        void faults.set(offset, [...(faults.get(offset) ?? []), `view ${name}: ${reason}`])
      const partOf = (key: string) => parts.get(idOf({ view: name, key, topic, partition })) ?? null
      for (const { before, after } of applyEvent(view, { ...input, epoch }, partOf, onFault)) {
        const { keepDays } = view
        const part = { ...after, view: name, ...(keepDays !== undefined && { keepDays }) }
        const id = idOf(part)
        parts.set(id, part)
        changed.set(id, part)
        const emissions = emits ? emissionsOf(view, [before, input, after.state, after.key], onFault) : []
        const cause = { view: name, key: after.key, stored, epoch }
        for (const [index, emission] of emissions.entries())
          emitted.push(...recordsOf(emission, index, cause, catalog, onFault))
      }
    }
  return { changed: [...changed.values()], emitted, faults }
}

type EmitArguments = Parameters<NonNullable<View['emit']>>

function emissionsOf(view: View, given: EmitArguments, onFault: OnFault): readonly Emission[] {
  try {
    return [...(view.emit?.(...given) ?? [])]
  } catch (error) {
    onFault(`emit: ${messageOf(error)}`)
    return []
  }
}

function recordsOf(
  emission: Emission,
  index: number,
  cause: Cause,
  catalog: Catalog,
  onFault: OnFault,
): NewRecord[] {
  try {
    return [recordOf(emission, index, cause, catalog)]
  } catch (error) {
    onFault(`emits an event of type "${emission?.type}" that is refused: ${messageOf(error)}`)
    return []
  }
}

/** One letter for each record that some view could not use. */
export function lettersOf(faults: Folded['faults'], records: readonly KafkaRecord[]): DeadLetter[] {
  return records.flatMap((record) => {
    const reasons = faults.get(record.offset)
    return reasons ? [toDeadLetter(record, reasons.join('; '))] : []
  })
}

function idOf({ view, key, topic, partition }: PartKey): string {
  return JSON.stringify([view, key, topic, partition])
}
