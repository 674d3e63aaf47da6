import pLimit from 'p-limit'
import type { Position } from '#shared/core/event.ts'
import { messageOf } from '#shared/core/message-of.ts'
import { hasMadeId } from '#shared/pipeline/accept/to-record.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { type Claim, type ClaimStore, identityOf } from '#shared/pipeline/claim-store.ts'
import type {
  DeadLetter,
  DecodeRecord,
  EventStore,
  Head,
  KafkaRecord,
  StoredEvent,
  Stream,
} from '#shared/pipeline/ports.ts'
import { toDeadLetter } from './dead-letter.ts'

/** A partition that could not be worked through: the first offset that must come again, and why. */
export type FailedPartition = Position & { readonly cause: unknown }

/**
 * Works through a batch partition by partition, each in its order and all at once. A partition that fails is reported
 * and the others go on. Never throws; `results` are those of the other partitions.
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

/** A record as every consumer of the log takes it: an event, or the letter that says why it is none. */
type Decoded = { readonly stored?: StoredEvent; readonly letter?: DeadLetter }

/** A DynamoDB item holds 400 KB; an event that a producer wrote straight to Kafka may be larger. */
const LARGEST_RECORD = 350 * 1024

/** Decodes records, each for itself. What does not decode, or stands in a topic that is not its category's, is no event (I9). */
export function decodeBatch(
  records: readonly KafkaRecord[],
  deps: { readonly decode: DecodeRecord; readonly catalog: Catalog },
): Decoded[] {
  return records.map((record) => decodeOne(record, deps))
}

function decodeOne(
  record: KafkaRecord,
  { decode, catalog }: { readonly decode: DecodeRecord; readonly catalog: Catalog },
): Decoded {
  const { topic, partition, offset, timestamp } = record
  if ((record.value?.length ?? 0) > LARGEST_RECORD)
    return {
      letter: toDeadLetter(record, `larger than ${LARGEST_RECORD} bytes, the most that can be stored`),
    }
  try {
    const event = decode(record)
    const owner = event.category === undefined ? topic : catalog.topicOf(event.category)
    const made = hasMadeId(record) ? ({ hasMadeId: true } as const) : {}
    if (owner === topic) return { stored: { topic, partition, offset, timestamp, event, ...made } }
    return { letter: toDeadLetter(record, `category "${event.category}" belongs to the topic "${owner}"`) }
  } catch (error) {
    return { letter: toDeadLetter(record, messageOf(error)) }
  }
}

/**
 * The stream that the records of a batch belong to, and its head. Offsets that were stored before are either the same
 * records again, or the topic was deleted and created anew: then another event stands at the same offset, or records
 * at or below the head are younger than it, and a new epoch begins. `compared` is how many stored events are looked
 * at, all unless it is given.
 */
export async function openStream(
  records: readonly KafkaRecord[],
  decoded: readonly Decoded[],
  store: Pick<EventStore, 'topic' | 'renewEpoch' | 'read'>,
  compared: number = records.length,
): Promise<{ stream: Stream; head: Head | undefined }> {
  const [{ topic, partition, offset: first }] = records as [KafkaRecord]
  const { epoch, heads } = await store.topic(topic)
  const head = heads.get(partition)
  const stream = { topic, epoch, partition }
  if (head === undefined || first > head.offset) return { stream, head }
  const isYounger = records.some(
    ({ offset, timestamp }) => offset <= head.offset && timestamp > head.timestamp,
  )
  const hasOthers = async () => {
    const offsets = records.map(({ offset }) => offset)
    const upTo = Math.min(head.offset, Math.max(...offsets))
    const range = { after: Math.min(...offsets) - 1, upTo, limit: compared }
    const known = new Map((await store.read(stream, range)).map((event) => [event.offset, event]))
    return decoded.some(({ stored: event }) => {
      const other = event && known.get(event.offset)
      return other && (other.event.id !== event.event.id || other.timestamp !== event.timestamp)
    })
  }
  if (!isYounger && !(await hasOthers())) return { stream, head }
  return { stream: { ...stream, epoch: await store.renewEpoch(topic, epoch) }, head: undefined }
}

const CLAIMS_AT_ONCE = 32

/**
 * Keeps of each event the record that holds its claim (I8), which need not be the first: a writer may have claimed a
 * later one. `looksFirst`: a consumer that mostly comes after another one reads the claims before it makes its own.
 */
export async function dropRepeats(
  stream: Stream,
  events: readonly StoredEvent[],
  claims: ClaimStore,
  { looksFirst = false }: { readonly looksFirst?: boolean } = {},
): Promise<StoredEvent[]> {
  const copies = [...Map.groupBy(events, ({ event }) => identityOf(event)).values()] as [
    StoredEvent,
    ...StoredEvent[],
  ][]
  const firsts = copies.map(([first]) => first)
  const known = looksFirst ? await claims.find(firsts.map(({ event }) => event)) : []
  const holders = await claimEach(stream, firsts, known, claims)
  const keep = new Set(
    copies.flatMap((records, index) => records.filter((stored) => isHeldBy(stored, holders[index]))),
  )
  return events.filter((stored) => keep.has(stored))
}

/** Who holds the claim of each of these different events: ids that the writer made are claimed in batches. */
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

/** Whatever its epoch: before a crash this very record may have been claimed under an epoch that ended since. */
function isHeldBy(stored: StoredEvent, holder: Claim | undefined): boolean {
  return (
    holder?.topic === stored.topic && holder.partition === stored.partition && holder.offset === stored.offset
  )
}
