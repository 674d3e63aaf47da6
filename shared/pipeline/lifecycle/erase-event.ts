import { createHash } from 'node:crypto'
import { mayActOn } from '#shared/core/access/authorize.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { isOwnChannel } from '#shared/core/channel.ts'
import { ERASED_TYPE, ERASURE_SOURCE, type Erasure, erasureOf, isErased } from '#shared/core/erasure.ts'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { type Retention, storedFor } from '#shared/core/retention.ts'
import { type AcceptDeps, accept, type Receipt } from '#shared/pipeline/accept/accept.ts'
import type { ClaimKey } from '#shared/pipeline/claim-store.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import type { EventLog } from '#shared/pipeline/ports.ts'
import { everyKeyOf } from '#shared/pipeline/views/apply-event.ts'
import { areFolded, type ErasedWithDeps, findErasedWith } from './erased-with.ts'
import { type FoundEvent, readClaimed, requireEvent, unknownEvent, type WantedEvent } from './find-event.ts'

export type EraseCommand = WantedEvent & { readonly principal: Principal; readonly traceparent?: string }
export type EraseDeps = ErasedWithDeps &
  AcceptDeps & {
    readonly deadLetters: Pick<DeadLetterStore, 'erase'>
    readonly retention: Pick<Retention, 'ofTopic'>
  }

/** Where Kafka still has the data of an erased event, and until when its retention promises to keep it (RFC 3339). */
export type KeptRecord = Position & { readonly until: string }

/** What was erased, and what of it stays in Kafka. */
export type Erased = Receipt & {
  /** The events that were erased with it. */
  readonly also: readonly ClaimKey[]
  /** `pending` if the views had not folded the erasure in time; they do it a little later. */
  readonly views: 'done' | 'pending'
  readonly kafka: readonly KeptRecord[]
}

/** The maximum wait for each of the event, the views before, and the views after. */
const PATIENCE_MS = 4000

/**
 * Erases the data of an event, and of the events that repeat it, for good (docs/adr/0032): writes an erasure for each into
 * the partition of its event, and removes the data from the log table and the dead letters; the views forget it when they
 * fold the erasure. Erasing an event again returns the same. Throws Refusal: `not_found` for an unknown event,
 * `forbidden`, `conflict` for an erasure, an event of Tidewire itself, or while another request erases the same event, `unavailable` if the event, or
 * what followed from it, is not known in time.
 */
export async function eraseEvent(command: EraseCommand, deps: EraseDeps): Promise<Erased> {
  const found = await requireEvent(command, PATIENCE_MS, deps)
  assertMayErase(found, command)
  const before = isErased(found.event) ? await readErasure(found, deps) : null
  const others = before ? await readPairs(before.also, deps) : await findErasedWith(found, PATIENCE_MS, deps)
  const also = before?.also ?? others.map(({ event: { id, source } }) => ({ id, source }))
  const at = new Date(deps.clock.now()).toISOString()
  const writing = { at, command, deps }
  const written: { readonly target: FoundEvent; readonly receipt: Receipt }[] = []
  // The last ones first: as long as the event itself has its data, what repeats it can be found.
  for (const target of others.toReversed())
    written.push({ target, receipt: await eraseOne(target, [], writing) })
  const receipt = await eraseOne(found, also, writing)
  written.push({ target: found, receipt })
  const folded = written.map(({ target, receipt: { offset } }) =>
    areFolded(target, offset, PATIENCE_MS, deps),
  )
  const isDone = (await Promise.all(folded)).every(Boolean)
  const kafka = [found, ...others].map((one) => keptRecord(one, deps.retention))
  return { ...receipt, also, views: isDone ? 'done' : 'pending', kafka }
}

const MAX_REASON = 500

/** Returns the reason in the body of a request to erase. Throws Refusal `invalid_event` without one. */
export function readReason(body: Readonly<Record<string, unknown>>): string {
  const unknown = Object.keys(body).find((name) => name !== 'reason')
  if (unknown !== undefined)
    throw wrongBody(`/${unknown}`, `"${unknown}" is not a member of this request; it takes "reason".`)
  const { reason } = body
  const text = typeof reason === 'string' ? reason.trim() : ''
  if (text !== '' && text.length <= MAX_REASON) return text
  throw wrongBody(
    '/reason',
    `"reason" must say in 1 to ${MAX_REASON} characters why the data is erased, for the audit trail.`,
  )
}

function wrongBody(pointer: string, detail: string): Refusal {
  return new Refusal('invalid_event', detail, { faults: [{ pointer, detail }] })
}

function assertMayErase({ event }: FoundEvent, { principal }: EraseCommand): void {
  if (!mayActOn(principal, 'events.erase', event.category ?? '', event.type))
    throw new Refusal('forbidden', `These credentials are not granted "events.erase" on "${event.category}".`)
  if (event.type === ERASED_TYPE)
    throw new Refusal('conflict', 'This event is itself an erasure; it has no data that could be erased.')
  if (isOwnChannel(event.category))
    throw new Refusal('conflict', "Tidewire's own events, such as the audit trail, cannot be erased.")
}

type Writing = { readonly at: string; readonly command: EraseCommand; readonly deps: EraseDeps }

/** Erases one event. Every step may be repeated: after a crash the same request completes it. */
async function eraseOne(
  target: FoundEvent,
  also: readonly ClaimKey[],
  { at, command, deps }: Writing,
): Promise<Receipt> {
  const { topic, epoch, partition, offset } = target
  const pair = pairOf(target)
  const [known] = await deps.claims.find([pair])
  const receipt = known ? receiptOf(pair, known) : await write(erasureFor(target, also), target)
  await deps.store.erase({ topic, epoch, partition }, offset, at)
  await deps.deadLetters.erase(target)
  return receipt

  function erasureFor({ event }: FoundEvent, others: readonly ClaimKey[]): CloudEvent {
    const { principal, traceparent } = command
    const data: Erasure = {
      id: event.id,
      source: event.source,
      type: event.type,
      offset,
      keys: keysOf(target, deps),
      also: others,
      by: principal.name,
      at,
    }
    return {
      specversion: '1.0',
      ...pair,
      type: ERASED_TYPE,
      time: at,
      ...(event.category !== undefined && { category: event.category }),
      severity: event.severity ?? 'info',
      datacontenttype: 'application/json',
      ...(traceparent !== undefined && { traceparent }),
      data,
    }
  }

  async function write(event: CloudEvent, { partition: same }: FoundEvent): Promise<Receipt> {
    const kafka: EventLog = {
      append: (records) => deps.kafka.append(records.map((record) => ({ ...record, partition: same }))),
    }
    const [written] = await accept([event], new Set(), { ...deps, kafka })
    if (written === undefined) throw new Error(`no receipt for the erasure of ${target.event.id}`)
    return written
  }
}

/** The pair of the erasure of an event: always the same, so that an event is erased once. */
function pairOf({ topic, epoch, partition, offset }: FoundEvent): ClaimKey {
  const name = JSON.stringify([topic, epoch, partition, offset])
  return { id: createHash('sha256').update(name).digest('base64url'), source: ERASURE_SOURCE }
}

function receiptOf({ id, source }: ClaimKey, { topic, partition, offset }: Position): Receipt {
  return { id, source, topic, partition, offset }
}

/** The keys of all states that an event went into. The states without a key need none. */
function keysOf(target: FoundEvent, { views }: EraseDeps): string[] {
  const keyed = views.of(target.event.category ?? '').filter(({ view }) => view.keys !== undefined)
  return [...new Set(keyed.flatMap(({ view }) => everyKeyOf(view, target)))]
}

/** Returns the erasure of an event that was erased before. */
async function readErasure(found: FoundEvent, deps: EraseDeps): Promise<Erasure> {
  const [stored] = await readPairs([pairOf(found)], deps)
  const erasure = stored && erasureOf(stored.event)
  if (erasure == null) throw unknownEvent(found.event)
  return erasure
}

async function readPairs(
  pairs: readonly ClaimKey[],
  { claims, store }: Pick<EraseDeps, 'claims' | 'store'>,
): Promise<FoundEvent[]> {
  const claimed = await claims.find(pairs)
  const found = pairs.map(async (pair, index) => {
    const claim = claimed[index]
    return claim ? readClaimed({ ...pair, ...claim }, store) : []
  })
  return (await Promise.all(found)).flat()
}

function keptRecord(
  { topic, partition, offset, timestamp }: FoundEvent,
  retention: Pick<Retention, 'ofTopic'>,
): KeptRecord {
  const until = new Date(timestamp + storedFor(retention.ofTopic(topic)) * 1000).toISOString()
  return { topic, partition, offset, until }
}
