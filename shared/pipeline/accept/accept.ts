import { Buffer } from 'node:buffer'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { type ClaimKey, type ClaimStore, identityOf } from '#shared/pipeline/claim-store.ts'
import { encodeKafkaStructured } from '#shared/pipeline/cloudevents/kafka.ts'
import type { EventLog, KafkaRecord, NewRecord } from '#shared/pipeline/ports.ts'
import { checkData, checkEvent, isTooLarge } from './check-event.ts'
import { type Binding, bindRequest } from './idempotency-key.ts'

export type AcceptDeps = {
  readonly kafka: EventLog
  readonly claims: ClaimStore
  readonly catalog: Catalog
  readonly newId: () => string
}

const RETRY_AFTER_SECONDS = 2

/** What a producer gets for an accepted event: its identity and its position. */
export type Receipt = { readonly id: string; readonly source: string } & Position

/**
 * Accepts events: all of them or none. Checks them, appends to Kafka those whose (source, id) is new, and returns the
 * position of each, in input order. The same pair gets the same position while its claim is kept, in spite of crashes, retries and
 * races (docs/adr/0009): it is the position of the claim, and the event there is the one that is delivered
 * (docs/architecture.md, I8). `madeIds` are ids that were made for this request; they are new, so they need no claim.
 *
 * Throws Refusal: `invalid_event` or `too_large` for bad events; `idempotency_key_reused` for a key that is bound to
 * another request; `conflict` while another request writes one of the pairs; `unavailable` if Kafka did not confirm the
 * write, or the claims could not be written. After `unavailable` some of the events may be in Kafka. It is safe to send
 * them again if they have ids or the request has a key.
 */
export async function accept(
  events: readonly CloudEvent[],
  madeIds: ReadonlySet<string>,
  { kafka, claims, catalog, newId }: AcceptDeps,
  binding?: Binding,
): Promise<Receipt[]> {
  const records = events.map((event) => toRecord(event, catalog, madeIds.has(event.id)))
  assertValid(events, records, catalog)
  if (binding) await available(bindRequest(binding, claims))
  const given = events.filter(({ id }) => !madeIds.has(id))
  const lease = given.length === 0 ? NO_LEASE : await available(leasePairs(given, newId(), claims))
  const fresh = new Map<string, NewRecord>()
  for (const [index, event] of events.entries()) {
    const record = records[index]
    const identity = identityOf(event)
    if (record && !lease.known.has(identity) && !fresh.has(identity)) fresh.set(identity, record)
  }
  const appended = await append(fresh, kafka, lease)
  const claimed = await available(lease.claim(appended))
  return events.map((event) => {
    const identity = identityOf(event)
    return receiptOf(event, claimed.get(identity) ?? appended.get(identity) ?? lease.known.get(identity))
  })
}

/** An error of the claim store becomes a refusal that can be retried: a lease that is left behind expires within seconds. */
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
  lease: PairLease,
): Promise<Map<string, Position>> {
  if (records.size === 0) return new Map()
  try {
    const positions = await kafka.append([...records.values()])
    return new Map([...records.keys()].flatMap((identity, index) => pairOf(identity, positions[index])))
  } catch (error) {
    await lease.release() // so that the sender can retry at once
    throw error
  }
}

function pairOf(identity: string, position: Position | undefined): [string, Position][] {
  return position ? [[identity, position]] : []
}

function assertValid(events: readonly CloudEvent[], records: readonly NewRecord[], catalog: Catalog): void {
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

/** The pairs of (source, id) of a request, by `identityOf`. */
type PairLease = {
  /** The positions of the pairs that were accepted before. */
  readonly known: ReadonlyMap<string, Position>
  /** Claims the other pairs. Returns the claimed positions: those of other records if they were claimed first. */
  claim(positions: ReadonlyMap<string, Position>): Promise<Map<string, Position>>
  /** Releases the lease. Never throws: a lease that cannot be released expires. */
  release(): Promise<void>
}

/** Ids that were made for their request need no claim. */
const NO_LEASE: PairLease = {
  known: new Map(),
  claim: async () => new Map(),
  release: async () => {},
}

const CLAIMS_AT_ONCE = 32
const CONFLICT_RETRY_SECONDS = 1

/**
 * Looks up which pairs have a position. If some have none, takes one lease for the request: on the first of them, in an
 * order that does not depend on the request, so that the same batch meets itself. The claim of that pair takes the place
 * of the lease, so none is left behind. Of batches that overlap in other pairs both may write; the claims decide.
 * Throws Refusal `conflict` while another request has the lease.
 */
async function leasePairs(pairs: readonly ClaimKey[], owner: string, claims: ClaimStore): Promise<PairLease> {
  const keys = new Map(pairs.map((pair) => [identityOf(pair), pair]))
  const known = keys.size > 1 ? await findKnown(keys, claims) : new Map<string, Position>()
  const [first] = [...keys].filter(([identity]) => !known.has(identity)).sort(byIdentity)
  const lease = first?.[1]
  if (lease) {
    const found = await claims.lease(lease, owner)
    if (found === 'in_flight') throw inFlightRefusal(keys)
    if (found !== 'taken') known.set(identityOf(lease), found)
  }
  return {
    known,
    async claim(positions) {
      const unknown = [...keys].filter(([identity]) => !known.has(identity))
      const claimed = new Map<string, Position>()
      const claimNext = async () => {
        for (let pair = unknown.pop(); pair; pair = unknown.pop()) {
          const [identity, key] = pair
          const position = positions.get(identity)
          if (position === undefined) throw new Error(`no position for the event ${key.id}`)
          claimed.set(identity, await claims.claim(key, position))
        }
      }
      // Plain loops: a limiter costs as much for each claim as all else that accepting does.
      await Promise.all(Array.from({ length: Math.min(CLAIMS_AT_ONCE, unknown.length) }, claimNext))
      return claimed
    },
    async release() {
      if (lease) await claims.release(lease, owner).catch(() => {})
    },
  }
}

async function findKnown(keys: ReadonlyMap<string, ClaimKey>, claims: ClaimStore) {
  const found = await claims.find([...keys.values()])
  const known = new Map<string, Position>()
  for (const [index, identity] of [...keys.keys()].entries()) {
    const position = found[index]
    if (position) known.set(identity, position)
  }
  return known
}

function byIdentity([left]: readonly [string, ClaimKey], [right]: readonly [string, ClaimKey]): number {
  return left < right ? -1 : 1
}

function inFlightRefusal(keys: ReadonlyMap<string, ClaimKey>): Refusal {
  const [first] = keys.values()
  const what = keys.size === 1 ? `the event "${first?.id}" of "${first?.source}"` : 'these events'
  const detail = `Another request is writing ${what} at this moment. Send this one again.`
  return new Refusal('conflict', detail, { retryAfterSeconds: CONFLICT_RETRY_SECONDS })
}

/** The header of a record whose event's id was made for that record (docs/adr/0011). */
const MADE_ID = { name: 'tidewire-id', value: 'made' } as const

/** Returns the record of an event: in the topic of its category, with the key that keeps its order. */
export function toRecord(event: CloudEvent, catalog: Catalog, hasMadeId = false): NewRecord {
  const { value, headers } = encodeKafkaStructured(event)
  if (hasMadeId) headers[MADE_ID.name] = MADE_ID.value
  const key = event.partitionkey ?? event.subject ?? event.id
  return { topic: catalog.topicOf(event.category ?? ''), key, value, headers }
}

/** Whether the id of a record's event was made for that record. */
export function hasMadeId({ headers }: Pick<KafkaRecord, 'headers'>): boolean {
  return headers.some(
    ({ name, value }) => name === MADE_ID.name && Buffer.from(value).toString() === MADE_ID.value,
  )
}
