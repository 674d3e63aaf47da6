import type { CloudEvent, Position } from '#shared/core/event.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { type ClaimStore, identityOf } from '#shared/pipeline/claim-store.ts'
import { encodeKafkaStructured } from '#shared/pipeline/cloudevents/kafka.ts'
import type { EventLog, NewRecord } from '#shared/pipeline/ports.ts'
import { DIGEST, MADE_ID } from '#shared/pipeline/signed-record.ts'
import { type Author, authorFaults, sourceFault } from './authorship.ts'
import { checkData, checkEvent, isTooLarge } from './check-event.ts'
import { type Binding, bindRequest } from './idempotency-key.ts'
import { leasePairs, NO_LEASE, type PairLease, takenRefusal } from './lease-pairs.ts'
import type { SourceOwner } from './source-owner.ts'

export type AcceptDeps = {
  readonly kafka: EventLog
  readonly claims: ClaimStore
  readonly catalog: Catalog
  readonly newId: () => string
}

/** What an author sent of an event: the source that it gave, if it gave one, and the digest of the whole. */
export type Sent = { readonly source: string | undefined; readonly digest?: string }

/** Events as they came in, complete, with what was sent of each. */
export type Incoming = {
  readonly events: readonly CloudEvent[]
  readonly sent: readonly Sent[]
  /** The ids that were made for this request: they cannot have been seen before. */
  readonly madeIds: ReadonlySet<string>
  readonly binding?: Binding
}

const RETRY_AFTER_SECONDS = 2

/** What a producer gets for an accepted event: its identity and its position. */
export type Receipt = { readonly id: string; readonly source: string } & Position

/**
 * Accepts what an author sent: all of it or nothing. Beyond `accept` it throws Refusal `forbidden` for events that the
 * author may not write, and `conflict` if the pair of one was taken by an event with other content.
 */
export async function acceptFrom(
  author: Author,
  { events, sent, madeIds, binding }: Incoming,
  { sourceOwner, ...deps }: AcceptDeps & { readonly sourceOwner: SourceOwner },
): Promise<Receipt[]> {
  const written = { events, madeIds, digests: sent.map(({ digest }) => digest), binding }
  return write(written, deps, async () => {
    const faults = events.map((event, index) => [
      ...sourceFault(sent[index]?.source),
      ...authorFaults(event, author, deps.catalog),
    ])
    const given = new Set(sent.flatMap(({ source }) => source ?? []))
    const foreign = await available(foreignSources([...given], author, sourceOwner))
    assertPermitted(
      faults.map((found, index) => {
        const source = sent[index]?.source
        if (source === undefined || !foreign.has(source)) return found
        return [...found, { pointer: '/source', detail: 'belongs to other credentials; choose another.' }]
      }),
    )
  })
}

/**
 * Accepts events that Tidewire itself writes: all of them or none. Checks them, appends to Kafka those whose (source, id)
 * is new, and returns the position of each, in input order. The same pair gets the same position while its claim is kept,
 * in spite of crashes, retries and races (docs/adr/0009): it is the position of the claim, and the event there is the one
 * that is delivered (docs/architecture.md, I8). `madeIds` are ids that were made for this request; they are new, so they
 * need no claim.
 *
 * Throws Refusal: `invalid_event` or `too_large` for bad events; `idempotency_key_reused` for a key that is bound to
 * another request; `conflict` while another request writes one of the pairs; `unavailable` if Kafka did not confirm the
 * write, or the claims could not be written. After `unavailable` some of the events may be in Kafka. It is safe to send
 * them again if they have ids or the request has a key.
 */
export function accept(
  events: readonly CloudEvent[],
  madeIds: ReadonlySet<string>,
  deps: AcceptDeps,
  binding?: Binding,
): Promise<Receipt[]> {
  return write({ events, madeIds, digests: [], binding }, deps, async () => {})
}

type Written = {
  readonly events: readonly CloudEvent[]
  readonly madeIds: ReadonlySet<string>
  /** By the index of the event. Without one the pair alone is the event. */
  readonly digests: readonly (string | undefined)[]
  readonly binding: Binding | undefined
}

/** `permit` throws if the events, which are valid, may not be written. */
async function write(
  { events, madeIds, digests, binding }: Written,
  { kafka, claims, catalog, newId }: AcceptDeps,
  permit: () => Promise<void>,
): Promise<Receipt[]> {
  const records = events.map((event, index) => {
    const digest = digests[index]
    return toRecord(event, catalog, madeIds.has(event.id) ? { isMade: true } : { digest })
  })
  assertValid(events, records, catalog)
  await permit()
  if (binding) await available(bindRequest(binding, claims))
  const isBatch = events.length !== 1
  const given = events.flatMap(({ source, id }, index) =>
    madeIds.has(id) ? [] : [{ source, id, digest: digests[index], ...(isBatch && { index }) }],
  )
  assertDistinct(given)
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

/** Throws Refusal `conflict` if two different events of a request have the same pair. */
function assertDistinct(pairs: Parameters<typeof leasePairs>[0]): void {
  const digests = new Map(pairs.map((pair) => [identityOf(pair), pair.digest]))
  const others = pairs.filter((pair) => digests.get(identityOf(pair)) !== pair.digest)
  if (others.length > 0) throw takenRefusal(others)
}

/** Returns which of these sources belong to other credentials than the author's. */
async function foreignSources(
  sources: readonly string[],
  { name, sources: own = [] }: Author,
  sourceOwner: SourceOwner,
): Promise<ReadonlySet<string>> {
  const others = sources.filter((source) => !own.includes(source))
  const owners = await Promise.all(others.map((source) => sourceOwner(source)))
  return new Set(others.filter((_, index) => owners[index] !== null && owners[index] !== name))
}

/** Throws Refusal `forbidden` with the faults of the events, by index, if there are any. */
function assertPermitted(faults: readonly (readonly Fault[])[]): void {
  const isBatch = faults.length !== 1
  const all = faults.flatMap((found, index) => found.map((fault) => (isBatch ? { index, ...fault } : fault)))
  if (all.length === 0) return
  const [{ index, pointer, detail } = { pointer: '', detail: '' }] = all
  const where = `${index === undefined ? '' : `[${index}]`}${pointer}`
  throw new Refusal('forbidden', `${where} ${detail} Nothing was written.`, { faults: all })
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

/** What a record tells its consumers beside the event. */
type Marks = { readonly isMade?: boolean; readonly digest?: string | undefined }

/** Returns the record of an event: in the topic of its category, with the key that keeps its order. */
export function toRecord(
  event: CloudEvent,
  catalog: Catalog,
  { isMade = false, digest }: Marks = {},
): NewRecord {
  const { value, headers } = encodeKafkaStructured(event)
  if (isMade) headers[MADE_ID.name] = MADE_ID.value
  if (digest !== undefined) headers[DIGEST] = digest
  const key = event.partitionkey ?? event.subject ?? event.id
  return { topic: catalog.topicOf(event.category ?? ''), key, value, headers }
}
