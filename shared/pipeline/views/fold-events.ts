import { type ErasedEvent, erasureOf } from '#shared/core/erasure.ts'
import { type Fault, faultsRefusal } from '#shared/core/refusal.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import type { Emission, View } from '#shared/domain/define-domain.ts'
import { toRecord } from '#shared/pipeline/accept/accept.ts'
import { checkData, checkEvent, completeEvent, isTooLarge } from '#shared/pipeline/accept/check-event.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { validateEvent } from '#shared/pipeline/cloudevents/validate-event.ts'
import type { DeadLetter, UnfoldedPart } from '#shared/pipeline/dead-letters/dead-letter.ts'
import { toDeadLetter } from '#shared/pipeline/dead-letters/to-dead-letter.ts'
import type { KafkaRecord, NewRecord, StoredEvent } from '#shared/pipeline/ports.ts'
import { applyEvent, keysFor, type OnFault } from './apply-event.ts'
import { followUp } from './follow-up.ts'
import type { PartKey, StoredPart } from './view-store.ts'
import type { NamedView, Views } from './views.ts'

/** Why views could not use an event, and the parts that it is missing in: none if it only emitted nothing. */
export type FoldFault = { readonly reasons: readonly string[]; readonly unfolded: readonly UnfoldedPart[] }

/** What a batch changes. `faults` are by the offsets of the events. */
export type Folded = {
  readonly changed: readonly StoredPart[]
  readonly emitted: readonly NewRecord[]
  readonly faults: ReadonlyMap<number, FoldFault>
}

type EventFold = {
  readonly views: Views
  readonly catalog: Catalog
  readonly emits: boolean
  /** The offsets of events whose data was erased: no state has it, however long the log still does. */
  readonly erased: ReadonlySet<number>
  /** Of the replays of events that are in the log already, by their offsets, the only parts that they change. */
  readonly replayed: ReadonlyMap<number, readonly UnfoldedPart[]>
}

/** Returns the keys of the parts that these events may change. */
export function partsTouched(events: readonly StoredEvent[], views: Views): PartKey[] {
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
 * Folds the events of one partition, in offset order, into the known parts. Pure. A changed state counts even if an
 * event that follows from it is refused, as in clients, which emit nothing.
 */
export function foldEvents(
  events: readonly StoredEvent[],
  epoch: string,
  known: readonly StoredPart[],
  { views, catalog, emits, erased, replayed }: EventFold,
): Folded {
  const parts = new Map(known.map((part) => [idOf(part), part]))
  const changed = new Map<string, StoredPart>()
  const emitted: NewRecord[] = []
  const faults = new Map<number, FoldFault>()
  for (const stored of events)
    for (const named of views.of(stored.event.category ?? '')) foldInto(named, stored)
  return { changed: [...changed.values()], emitted, faults }

  function foldInto({ name, view }: NamedView, stored: StoredEvent): void {
    const { topic, partition, offset, event, exactData } = stored
    const input = { topic, partition, offset, event, ...(exactData !== undefined && { exactData }) }
    const addFault = (reason: string, unfolded: readonly UnfoldedPart[]) => {
      const before = faults.get(offset) ?? { reasons: [], unfolded: [] }
      faults.set(offset, {
        reasons: [...before.reasons, `view ${name}: ${reason}`],
        unfolded: [...before.unfolded, ...unfolded],
      })
    }
    const onFault: OnFault = (reason, key) =>
      addFault(reason, [{ view: name, ...(key !== undefined && { key }) }])
    const onEmitFault: OnFault = (reason) => addFault(reason, [])
    const only = replayed.get(offset)?.filter((part) => part.view === name)
    if (only?.length === 0) return
    const partOf = (key: string) => parts.get(idOf({ view: name, key, topic, partition })) ?? null
    const seen = only ? restrictedTo(only, view) : view
    const folded = erased.has(offset) ? forgetting(seen, { ...event, offset }) : seen
    const isErasure = erasureOf(event) !== null
    for (const { before, after } of applyEvent(folded, { ...input, epoch }, partOf, onFault)) {
      const part = { ...after, view: name }
      parts.set(idOf(part), part)
      changed.set(idOf(part), part)
      const emissions =
        emits && !isErasure ? emissionsOf(view, [before, input, after.state, after.key], onEmitFault) : []
      const cause = { view: name, key: after.key, stored, epoch }
      emitted.push(...recordsOf(emissions, cause, catalog, onEmitFault))
    }
  }
}

/** Returns the view for an event that only some of its parts are to include. */
function restrictedTo(parts: readonly UnfoldedPart[], view: View): View {
  const admits = (key: string) => parts.some((part) => part.key === undefined || part.key === key)
  return { ...view, keys: (input) => (view.keys?.(input) ?? ['']).filter(admits) }
}

/** Returns the view for an event that was erased: it counts, and its data does not stay. */
function forgetting(view: View, erased: ErasedEvent): View {
  const forget = view.erasing?.forget
  if (forget === undefined) return view
  return { ...view, apply: (state, input, key) => forget(view.apply(state, input, key), erased, key) }
}

/** Returns one dead letter for each record that a view could not use, found at a time in milliseconds since 1970. */
export function lettersOf(
  faults: Folded['faults'],
  records: readonly KafkaRecord[],
  found: number,
): DeadLetter[] {
  return records.flatMap((record) => {
    const fault = faults.get(record.offset)
    if (fault === undefined) return []
    const { reasons, unfolded } = fault
    const reason = reasons.join('; ')
    return [toDeadLetter(record, { code: 'fold_failed', reason, consumer: 'fold', found, unfolded })]
  })
}

/** Returns the identity of a part as text, to look it up in a map. */
export function idOf({ view, key, topic, partition }: PartKey): string {
  return JSON.stringify([view, key, topic, partition])
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

/** What emissions follow from: the event, in its epoch, as it was folded into the state of a key. */
type Cause = {
  readonly view: string
  readonly key: string
  readonly stored: StoredEvent
  readonly epoch: string
}

function recordsOf(
  emissions: readonly Emission[],
  cause: Cause,
  catalog: Catalog,
  onFault: OnFault,
): NewRecord[] {
  return emissions.flatMap((emission, index) => {
    try {
      return [recordOf(emission, index, cause, catalog)]
    } catch (error) {
      onFault(`emits an event of type "${emission?.type}" that is refused: ${messageOf(error)}`)
      return []
    }
  })
}

/**
 * Returns the record of an event that follows from another. Its id is a hash of the view, the key and the position
 * that it follows from: folding the same event again writes the same pair of source and id, which counts once
 * (docs/architecture.md, I8). Throws Refusal with the faults if the emission does not fit the catalog.
 */
function recordOf(emission: Emission, index: number, cause: Cause, catalog: Catalog): NewRecord {
  const { view, key, stored, epoch } = cause
  const { timestamp, event } = stored
  const draft = {
    ...emission,
    ...followUp(view, key, { ...stored, epoch }, index),
    time: emission.time ?? event.time ?? new Date(timestamp).toISOString(),
    ...(emission.data !== undefined && { datacontenttype: 'application/json' }),
  }
  const { traceparent } = event
  const deps = { catalog, newId: () => draft.id, now: () => new Date(timestamp) }
  const complete = { ...deps, ...(traceparent !== undefined && { traceparent }) }
  const followed = validateEvent(draft, (given) => completeEvent(given, complete))
  const record = toRecord(followed, catalog)
  const faults: Fault[] = [...checkEvent(followed), ...checkData(followed, catalog)]
  if (isTooLarge(record.value)) faults.push({ pointer: '', detail: 'is larger than 128 KB.' })
  if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
  return record
}
