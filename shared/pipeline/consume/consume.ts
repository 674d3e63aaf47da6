import { Buffer } from 'node:buffer'
import pLimit from 'p-limit'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { messageOf } from '#shared/core/message-of.ts'
import { faultsRefusal } from '#shared/core/refusal.ts'
import { hasMadeId } from '#shared/pipeline/accept/accept.ts'
import { checkData, checkEvent, deriveCategory } from '#shared/pipeline/accept/check-event.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { type Claim, type ClaimStore, identityOf } from '#shared/pipeline/claim-store.ts'
import { decodeKafka } from '#shared/pipeline/cloudevents/kafka.ts'
import type {
  DeadLetter,
  DecodeRecord,
  EventStore,
  Head,
  KafkaRecord,
  StoredEvent,
  Stream,
} from '#shared/pipeline/ports.ts'

/** A partition whose batch failed: the first offset that must be retried, and the reason. */
export type FailedPartition = Position & { readonly cause: unknown }

/**
 * Runs a batch partition by partition, all partitions at once. Returns the results of those that succeeded, and the
 * partitions that failed. Never throws.
 */
export async function runPartitions<Result>(
  records: readonly KafkaRecord[],
  run: (own: readonly KafkaRecord[]) => Promise<Result>,
): Promise<{ readonly results: readonly Result[]; readonly failed: readonly FailedPartition[] }> {
  const partitions = [...Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`).values()]
  const outcomes = await Promise.allSettled(partitions.map((own) => run(own)))
  const failed = outcomes.flatMap((outcome, index) => {
    const first = partitions[index]?.[0]
    if (outcome.status === 'fulfilled' || first === undefined) return []
    const { topic, partition, offset } = first
    return [{ topic, partition, offset, cause: outcome.reason }]
  })
  const results = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  return { results, failed }
}

/** The decoded records of one partition, the stream they belong to, and its head if it has one. */
type OpenBatch = {
  readonly stream: Stream
  readonly head: Head | undefined
  readonly events: readonly StoredEvent[]
  /** One for each record that is no event (docs/architecture.md, I9). */
  readonly letters: readonly DeadLetter[]
}

export type OpenDeps = {
  readonly store: Pick<EventStore, 'topic' | 'renewEpoch' | 'read'>
  readonly catalog: Catalog
  readonly decode: DecodeRecord
}

/**
 * Decodes the records of one partition and finds the epoch they belong to. `compared` is the maximum number of stored
 * events that are read to notice a topic that was created again; by default one for each record. Throws what the
 * store throws, and an error if there are no records.
 */
export async function openBatch(
  records: readonly KafkaRecord[],
  deps: OpenDeps,
  compared: number = records.length,
): Promise<OpenBatch> {
  const decoded = records.map((record) => decodeOrBury(record, deps))
  const events = decoded.flatMap(({ stored }) => stored ?? [])
  const letters = decoded.flatMap(({ letter }) => letter ?? [])
  return { ...(await openStream(records, events, deps.store, compared)), events, letters }
}

/** A DynamoDB item is at most 400 KB; an event that a producer wrote straight to Kafka may be larger. */
const MAX_RECORD_BYTES = 350 * 1024

function decodeOrBury(
  record: KafkaRecord,
  { decode, catalog }: Omit<OpenDeps, 'store'>,
): { readonly stored?: StoredEvent; readonly letter?: DeadLetter } {
  const { topic, partition, offset, timestamp } = record
  if ((record.value?.length ?? 0) > MAX_RECORD_BYTES)
    return {
      letter: toDeadLetter(record, `larger than ${MAX_RECORD_BYTES} bytes, the maximum that can be stored`),
    }
  try {
    const event = decode(record)
    const owner = event.category === undefined ? topic : catalog.topicOf(event.category)
    if (owner !== topic)
      return { letter: toDeadLetter(record, `category "${event.category}" belongs to the topic "${owner}"`) }
    return {
      stored: { topic, partition, offset, timestamp, event, ...(hasMadeId(record) && { hasMadeId: true }) },
    }
  } catch (error) {
    return { letter: toDeadLetter(record, messageOf(error)) }
  }
}

/**
 * Finds the stream of a batch. Offsets at or below the head are either the same records again, or the topic was
 * deleted and created again. In the second case another event is stored at the same offset, or a record at or below
 * the head is younger than the head, and a new epoch begins.
 */
async function openStream(
  records: readonly KafkaRecord[],
  events: readonly StoredEvent[],
  store: OpenDeps['store'],
  compared: number,
): Promise<Pick<OpenBatch, 'stream' | 'head'>> {
  const [firstRecord] = records
  if (firstRecord === undefined) throw new Error('A batch has at least one record.')
  const { topic, partition, offset: first } = firstRecord
  const { epoch, heads } = await store.topic(topic)
  const head = heads.get(partition)
  const stream = { topic, epoch, partition }
  if (head === undefined || first > head.offset) return { stream, head }
  const isYounger = records.some(
    ({ offset, timestamp }) => offset <= head.offset && timestamp > head.timestamp,
  )
  if (!isYounger && !(await hasOthers(head))) return { stream, head }
  return { stream: { ...stream, epoch: await store.renewEpoch(topic, epoch) }, head: undefined }

  async function hasOthers({ offset: headOffset }: Head): Promise<boolean> {
    const offsets = records.map(({ offset }) => offset)
    const upTo = Math.min(headOffset, Math.max(...offsets))
    const range = { after: Math.min(...offsets) - 1, upTo, limit: compared }
    const known = new Map((await store.read(stream, range)).map((event) => [event.offset, event]))
    return events.some(({ offset, timestamp, event }) => {
      const other = known.get(offset)
      return other !== undefined && (other.event.id !== event.id || other.timestamp !== timestamp)
    })
  }
}

/** How many claims of single events are requested at once. */
const CLAIMS_AT_ONCE = 32

/**
 * Drops repeats: returns the events whose record has the claim on their source and id (docs/architecture.md, I8).
 * That need not be the first copy, since a writer may have claimed a later one. With `looksFirst` existing claims are
 * read before new ones are made, which is cheaper for a consumer that usually comes after another one.
 */
export async function dropRepeats(
  stream: Stream,
  events: readonly StoredEvent[],
  claims: ClaimStore,
  { looksFirst = false }: { readonly looksFirst?: boolean } = {},
): Promise<StoredEvent[]> {
  const copies = [...Map.groupBy(events, ({ event }) => identityOf(event)).values()]
  const firsts = copies.flatMap(([first]) => first ?? [])
  const known = looksFirst ? await claims.find(firsts.map(({ event }) => event)) : []
  const holders = await claimEach(stream, firsts, known, claims)
  const keep = new Set(
    copies.flatMap((records, index) => records.filter((stored) => isHeldBy(stored, holders[index]))),
  )
  return events.filter((stored) => keep.has(stored))
}

/** The claim on each of these different events. Ids that the writer made are claimed in batches (docs/adr/0011). */
async function claimEach(
  stream: Stream,
  events: readonly StoredEvent[],
  known: readonly (Claim | null)[],
  claims: ClaimStore,
): Promise<Claim[]> {
  const limit = pLimit(CLAIMS_AT_ONCE)
  const claimOf = ({ offset }: StoredEvent) => ({ ...stream, offset })
  const made = events.filter((stored, index) => stored.hasMadeId && !known[index])
  const pairs = made.map((stored) => ({
    source: stored.event.source,
    id: stored.event.id,
    claim: claimOf(stored),
  }))
  const held = made.length > 0 ? await claims.claimMade(pairs) : []
  const holders = new Map(made.map((stored, index) => [stored, held[index]]))
  return Promise.all(
    events.map(
      (stored, index) =>
        known[index] ?? holders.get(stored) ?? limit(() => claims.claim(stored.event, claimOf(stored))),
    ),
  )
}

/** The epoch is not compared: before a crash this record may have been claimed under an epoch that has since ended. */
function isHeldBy(stored: StoredEvent, holder: Claim | undefined): boolean {
  return (
    holder?.topic === stored.topic && holder.partition === stored.partition && holder.offset === stored.offset
  )
}

/**
 * Returns a decoder of records in structured or binary mode, as any producer may write them. It fills in what the
 * catalog derives, since producers also write to the topics directly, and throws Refusal with the reason if a
 * record is no event, or its data does not fit its type.
 */
export function recordDecoder(catalog: Catalog): DecodeRecord {
  return (record) => {
    const event = deriveCategory(decodeKafka(record), catalog) as CloudEvent
    const faults = [...checkEvent(event), ...checkData(event, catalog)]
    if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
    return event
  }
}

/** A DynamoDB item is at most 400 KB. Base64 adds a third; the whole record is still in Kafka at its position. */
const MAX = { reasonLength: 1000, keyBytes: 1024, valueBytes: 256 * 1024 } as const

/** Describes a record that could not be processed. Returns its position, its bytes cut to what can be stored, and why. */
export function toDeadLetter(record: KafkaRecord, reason: string, attempts = 1): DeadLetter {
  const { topic, partition, offset, timestamp, key, value } = record
  const encode = (bytes: Uint8Array | null, max: number) =>
    bytes && Buffer.from(bytes.subarray(0, max)).toString('base64')
  return {
    topic,
    partition,
    offset,
    timestamp,
    reason: reason.slice(0, MAX.reasonLength),
    attempts,
    key: encode(key, MAX.keyBytes),
    value: encode(value, MAX.valueBytes),
    truncated: (value?.length ?? 0) > MAX.valueBytes,
  }
}
