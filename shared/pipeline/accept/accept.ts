import type { CloudEvent, Position } from '#shared/core/event.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import type { EventLog, NewRecord } from '#shared/pipeline/ports.ts'
import { checkData } from './check-data.ts'
import { checkEvent, isTooLarge } from './check-event.ts'
import { type Hold, holdPairs, identityOf } from './hold-pairs.ts'
import { type Binding, bindRequest } from './idempotency-key.ts'
import { toRecord } from './to-record.ts'

export type AcceptDeps = {
  readonly kafka: EventLog
  readonly claims: ClaimStore
  readonly catalog: Catalog
  readonly newId: () => string
}

const RETRY_AFTER_SECONDS = 2

/** What a producer gets for an accepted event. */
export type Receipt = { readonly id: string; readonly source: string } & Position

/**
 * Accepts events: all of them or none. Checks them, appends to Kafka those whose (source, id) is new, and answers
 * where each one stands, in input order. Every answer for the same pair is the same position for 7 days, whatever
 * crashes, repeats or overtakes (docs/adr/0009): it is the claim's, and the event of that position is the one that is
 * delivered. `madeIds` are ids made for this request; they are new, need no claim, and are not answered twice.
 *
 * Throws Refusal `invalid_event` or `too_large` for bad events, `idempotency_key_reused` for a key that is bound to
 * another request, `conflict` while another request writes one of the pairs, and `unavailable` when Kafka did not
 * confirm the write, or the claims could not be written: then some of the events may be in Kafka all the same, and sending them again is safe if they
 * have ids or the request has a key.
 */
export async function accept(
  events: readonly CloudEvent[],
  madeIds: ReadonlySet<string>,
  { kafka, claims, catalog, newId }: AcceptDeps,
  binding?: Binding,
): Promise<Receipt[]> {
  const records = events.map((event) => toRecord(event, catalog, madeIds.has(event.id)))
  refuseFaults(events, records, catalog)
  if (binding) await available(bindRequest(binding, claims))
  const given = events.filter(({ id }) => !madeIds.has(id))
  const hold = await available(holdPairs(given, newId(), claims))
  const fresh = new Map<string, NewRecord>()
  for (const [index, event] of events.entries()) {
    const record = records[index]
    const identity = identityOf(event)
    if (record && !hold.known.has(identity) && !fresh.has(identity)) fresh.set(identity, record)
  }
  const appended = await append(fresh, kafka, hold)
  const settled = await available(hold.settle(appended))
  const positions = new Map([...hold.known, ...appended, ...settled])
  return events.map((event) => receiptOf(event, positions.get(identityOf(event))))
}

/** What the claim store throws is told as a refusal that may be tried again: a claim or lease that is left behind blocks nobody for long. */
async function available<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    const detail =
      'It could not be made sure that the events are written once. Send the request again, unchanged.'
    throw new Refusal('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS })
  }
}

async function append(
  records: ReadonlyMap<string, NewRecord>,
  kafka: EventLog,
  hold: Hold,
): Promise<Map<string, Position>> {
  if (records.size === 0) return new Map()
  try {
    const positions = await kafka.append([...records.values()])
    return new Map([...records.keys()].flatMap((identity, index) => pairOf(identity, positions[index])))
  } catch (error) {
    await hold.release() // the sender may try again at once
    throw error
  }
}

function pairOf(identity: string, position: Position | undefined): [string, Position][] {
  return position ? [[identity, position]] : []
}

function refuseFaults(events: readonly CloudEvent[], records: readonly NewRecord[], catalog: Catalog): void {
  const isBatch = events.length !== 1
  const faults: Fault[] = events.flatMap((event, index) => {
    const found = [...checkEvent(event), ...checkData(event, catalog)]
    const record = records[index]
    if (record && isTooLarge(record.value))
      found.push({ pointer: '', detail: 'is larger than 128 KB; keep large data elsewhere and send a link.' })
    return found.map((fault) => (isBatch ? { index, ...fault } : fault))
  })
  const [first] = faults
  if (first === undefined) return
  if (!isBatch && faults.length === 1 && first.pointer === '')
    throw new Refusal('too_large', `The event ${first.detail}`, { faults })
  throw new Refusal('invalid_event', 'The event breaks the rules named in "errors"; nothing was written.', {
    faults,
  })
}

function receiptOf({ id, source }: CloudEvent, position: Position | undefined): Receipt {
  if (position === undefined) throw new Error(`no position for the event ${id}`)
  const { topic, partition, offset } = position
  return { id, source, topic, partition, offset }
}
