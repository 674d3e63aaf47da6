import pLimit from 'p-limit'
import { type DeadLetterCode, type DeadLetterConsumer, unreadableOf } from '#shared/core/dead-letter.ts'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { isAhead } from '#shared/core/lead.ts'
import { type Fault, faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import { messageOf } from '#shared/core/text/message-of.ts'

import { authorFaults, STRANGER, sourceFault } from '#shared/pipeline/accept/authorship.ts'
import { checkData, checkEvent, deriveCategory } from '#shared/pipeline/accept/check-event.ts'
import { digestOf } from '#shared/pipeline/accept/event-digest.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import {
  type Claim,
  type ClaimKey,
  type ClaimStore,
  identityOf,
  isSameEvent,
} from '#shared/pipeline/claim-store.ts'
import { decodeKafka } from '#shared/pipeline/cloudevents/kafka.ts'
import type { DeadLetter } from '#shared/pipeline/dead-letters/dead-letter.ts'
import { toDeadLetter } from '#shared/pipeline/dead-letters/to-dead-letter.ts'
import type {
  DecodeRecord,
  EventStore,
  Head,
  KafkaRecord,
  StoredEvent,
  Stream,
} from '#shared/pipeline/ports.ts'
import { isOfStranger, type JudgeRecord, marksOf } from '#shared/pipeline/signed-record.ts'

/** A partition whose batch failed: the first offset that must be retried, and the reason. */
export type FailedPartition = Position & { readonly cause: unknown }

/**
 * Runs a batch partition by partition, all partitions at once. Returns the results of those that succeeded, and the
 * partitions that failed. One that takes longer than `withinMs` has failed, so that it does not hold up the others; what
 * it still does must be work that may be repeated. Never throws.
 */
export async function runPartitions<Result>(
  records: readonly KafkaRecord[],
  run: (own: readonly KafkaRecord[]) => Promise<Result>,
  withinMs?: number,
): Promise<{ readonly results: readonly Result[]; readonly failed: readonly FailedPartition[] }> {
  const partitions = [...Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`).values()]
  const outcomes = await allSettledWithin(
    partitions.map((own) => run(own)),
    withinMs,
  )
  const failed = outcomes.flatMap((outcome, index) => {
    const first = partitions[index]?.[0]
    if (outcome.status === 'fulfilled' || first === undefined) return []
    const { topic, partition, offset } = first
    return [{ topic, partition, offset, cause: outcome.reason }]
  })
  const results = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  return { results, failed }
}

async function allSettledWithin<Result>(
  work: readonly Promise<Result>[],
  withinMs: number | undefined,
): Promise<PromiseSettledResult<Result>[]> {
  if (withinMs === undefined) return Promise.allSettled(work)
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`not done within ${withinMs} ms`)), withinMs)
  try {
    return await Promise.allSettled(work.map((one) => Promise.race([one, late.promise])))
  } finally {
    clearTimeout(timer)
  }
}

/** The decoded records of one partition. */
type DecodedBatch = {
  readonly events: readonly StoredEvent[]
  /** One for each record that is no event (docs/architecture.md, I9). */
  readonly letters: readonly DeadLetter[]
}

export type DecodeDeps = {
  readonly catalog: Catalog
  readonly decode: DecodeRecord
  /** The time in milliseconds since 1970: when a dead letter was found. */
  readonly now?: () => number
}

/** Decodes the records of one partition for a consumer of the log. Never throws. */
export function decodeBatch(
  records: readonly KafkaRecord[],
  deps: DecodeDeps,
  consumer: DeadLetterConsumer,
): DecodedBatch {
  const decoded = records.map((record) => decodeOrBury(record, deps, consumer))
  return {
    events: decoded.flatMap(({ stored }) => stored ?? []),
    letters: decoded.flatMap(({ letter }) => letter ?? []),
  }
}

/** A DynamoDB item is at most 400 KB; an event that a producer wrote straight to Kafka may be larger. */
const MAX_RECORD_BYTES = 350 * 1024

function decodeOrBury(
  record: KafkaRecord,
  { decode, catalog, now = Date.now }: DecodeDeps,
  consumer: DeadLetterConsumer,
): { readonly stored?: StoredEvent; readonly letter?: DeadLetter } {
  const { topic, partition, offset, timestamp } = record
  const bury = (code: DeadLetterCode, reason: string) => ({
    letter: toDeadLetter(record, { code, reason, consumer, found: now() }),
  })
  const unreadable = unreadableOf(record.headers)
  if (unreadable) return bury(unreadable.code, unreadable.reason)
  if ((record.value?.length ?? 0) > MAX_RECORD_BYTES)
    return bury('too_large', `larger than ${MAX_RECORD_BYTES} bytes, the maximum that can be stored`)
  try {
    const decoded = decode(record)
    const { event } = decoded
    const owner = event.category === undefined ? topic : catalog.topicOf(event.category)
    if (owner !== topic)
      return bury('wrong_topic', `category "${event.category}" belongs to the topic "${owner}"`)
    const mark = isAhead(event, timestamp, catalog.maxLeadOf(topic)) && { ahead: true as const }
    return { stored: { topic, partition, offset, timestamp, ...decoded, ...mark } }
  } catch (error) {
    return bury(letterCodeOf(error), messageOf(error))
  }
}

function letterCodeOf(error: unknown): DeadLetterCode {
  if (error instanceof UnusableRecord) return error.letterCode
  return error instanceof Refusal && error.code === 'invalid_event' ? 'invalid_event' : 'undecodable'
}

/** The stream that a batch belongs to, its head if it has one, and the stored events that were compared, by offset. */
export type OpenStream = {
  readonly stream: Stream
  readonly head: Head | undefined
  readonly stored: ReadonlyMap<number, StoredEvent>
}

const NOTHING_STORED: ReadonlyMap<number, StoredEvent> = new Map()

/**
 * Finds the stream of a batch of one partition. Offsets at or below the head are either the same records again, or the
 * topic was deleted and created again. In the second case another event is stored at the same offset, or a record at or
 * below the head is younger than the head, and a new epoch begins (docs/adr/0004). `compared` is the maximum number of
 * stored events that are read to notice it; by default one for each record. Throws what the store throws, and an error if
 * there are no records.
 */
export async function openStream(
  records: readonly KafkaRecord[],
  events: readonly StoredEvent[],
  store: Pick<EventStore, 'topic' | 'renewEpoch' | 'read'>,
  compared: number = records.length,
): Promise<OpenStream> {
  const [firstRecord] = records
  if (firstRecord === undefined) throw new Error('A batch has at least one record.')
  const { topic, partition, offset: first } = firstRecord
  const { epoch, heads } = await store.topic(topic)
  const head = heads.get(partition)
  const stream = { topic, epoch, partition }
  if (head === undefined || first > head.offset) return { stream, head, stored: NOTHING_STORED }
  const isYounger = records.some(
    ({ offset, timestamp }) => offset <= head.offset && timestamp > head.timestamp,
  )
  const stored = isYounger ? NOTHING_STORED : await readStored(head)
  if (!isYounger && !events.some(isAnother)) return { stream, head, stored }
  const renewed = { ...stream, epoch: await store.renewEpoch(topic, epoch) }
  return { stream: renewed, head: undefined, stored: NOTHING_STORED }

  async function readStored({ offset: headOffset }: Head): Promise<OpenStream['stored']> {
    const offsets = records.map(({ offset }) => offset)
    const upTo = Math.min(headOffset, Math.max(...offsets))
    const range = { after: Math.min(...offsets) - 1, upTo, limit: compared }
    return new Map((await store.read(stream, range)).map((event) => [event.offset, event]))
  }

  function isAnother({ offset, timestamp, event }: StoredEvent): boolean {
    const other = stored.get(offset)
    return other !== undefined && (other.event.id !== event.id || other.timestamp !== timestamp)
  }
}

/**
 * Up to so many pairs are claimed at once, each by a conditional write of its own: one round trip. More are looked up
 * first, so that fewer requests are made: the writer has claimed most of the ids that producers give.
 */
const FEW_CLAIMS = 4
/** How many claims of single events are requested at once. */
const CLAIMS_AT_ONCE = 32

/** Returns the claim of each pair, or null where none is known. */
export type LookUpClaims = (keys: readonly ClaimKey[]) => Promise<readonly (Claim | null)[]>

/** An event that cannot be delivered, because another event has its source and id: it has the claim. */
export type TakenEvent = { readonly stored: StoredEvent; readonly holder: Claim }

/**
 * Drops repeats: returns the events whose record has the claim on their source and id (docs/architecture.md, I8), and
 * those that are no repeat of the event that has it.
 * That need not be the first copy, since a writer may have claimed a later one. Pairs are claimed if `lookUp` does not
 * return their claim; by default it looks up pairs only if there are many. Claims of records that waited for so long
 * that they would end before the events are renewed.
 */
export async function dropRepeats(
  stream: Stream,
  events: readonly StoredEvent[],
  claims: ClaimStore,
  lookUp: LookUpClaims = async (keys) =>
    keys.length > FEW_CLAIMS ? claims.find(keys, { forStoring: true }) : [],
): Promise<{ readonly events: StoredEvent[]; readonly taken: readonly TakenEvent[] }> {
  const copies = [...Map.groupBy(events, ({ event }) => identityOf(event)).values()]
  const firsts = copies.flatMap(([first]) => first ?? [])
  const known = await lookUp(firsts.map(({ event }) => event))
  const missing = firsts.filter((_, index) => !known[index])
  const claimed = await claimEach(stream, missing, claims)
  const holders = firsts.map((first, index) => known[index] ?? claimed.get(first))
  const keep = new Set(
    copies.flatMap((records, index) => records.filter((stored) => isHeldBy(stored, holders[index]))),
  )
  const taken = copies.flatMap((records, index): TakenEvent[] => {
    const holder = holders[index]
    if (!holder) return []
    const others = records.filter((stored) => !isHeldBy(stored, holder) && isAnother(stored, holder))
    return others.map((stored) => ({ stored, holder }))
  })
  return { events: events.filter((stored) => keep.has(stored)), taken }
}

/** Claims different events. Many of those whose ids the writer made are claimed in batches (docs/adr/0011). */
async function claimEach(
  stream: Stream,
  events: readonly StoredEvent[],
  claims: ClaimStore,
): Promise<ReadonlyMap<StoredEvent, Claim>> {
  const isBatched = ({ hasMadeId }: StoredEvent) => hasMadeId === true && events.length > FEW_CLAIMS
  const made = events.filter(isBatched).map((stored) => [stored, claimOf(stored, stream)] as const)
  const limit = pLimit(CLAIMS_AT_ONCE)
  const [given] = await Promise.all([
    Promise.all(
      events
        .filter((stored) => !isBatched(stored))
        .map((stored) =>
          limit(async () => [stored, await claims.claim(stored.event, claimOf(stored, stream))] as const),
        ),
    ),
    made.length > 0 &&
      claims.claimMade(made.map(([{ event }, claim]) => ({ source: event.source, id: event.id, claim }))),
  ])
  return new Map([...made, ...given])
}

/** The claim of a stored event for its own position. */
export function claimOf({ offset, digest }: StoredEvent, { topic, epoch, partition }: Stream): Claim {
  return { topic, epoch, partition, offset, ...(digest !== undefined && { digest }) }
}

/** The replay of a record that has the claim is that event, however it was mended (docs/dead-letters.md). */
function isAnother(stored: StoredEvent, holder: Claim): boolean {
  return !isSameEvent(holder, stored) && !isReplayOf(stored, holder)
}

/** Whether an event is the replay of a record, or of one of its replays that failed too. */
function isReplayOf({ replayOf, olderReplays = [] }: StoredEvent, position: Position): boolean {
  return replayOf !== undefined && [replayOf, ...olderReplays].some((one) => isSamePosition(one, position))
}

/**
 * Moves the claims of replayed events whose first record was never stored, because the delivery failed at it, to their
 * replays. What is stored already is a repeat. Each consumer does it: which one comes first makes no difference. Returns
 * the claims of all replays, by `identityOf`.
 */
export async function takeOverReplays(
  events: readonly StoredEvent[],
  stream: Stream,
  { claims, store }: { readonly claims: ClaimStore; readonly store: Pick<EventStore, 'topic' | 'read'> },
): Promise<ReadonlyMap<string, Claim>> {
  const replays = events.filter(({ replayOf }) => replayOf !== undefined)
  const holders = replays.length > 0 ? await claims.find(replays.map(({ event }) => event)) : []
  const found = new Map<string, Claim>()
  for (const [index, replay] of replays.entries()) {
    const identity = identityOf(replay.event)
    const holder = found.get(identity) ?? holders[index]
    if (!holder) continue
    const isLeft = !isReplayOf(replay, holder) || (await isStored(holder, store))
    found.set(identity, isLeft ? holder : await claims.move(replay.event, holder, claimOf(replay, stream)))
  }
  return found
}

async function isStored(
  { topic, partition, offset, epoch: claimed }: Claim,
  store: Pick<EventStore, 'topic' | 'read'>,
): Promise<boolean> {
  const { epoch, heads } = await store.topic(topic)
  // Above the head it may yet be stored.
  if ((claimed ?? epoch) !== epoch || offset > (heads.get(partition)?.offset ?? -1)) return true
  const range = { after: offset - 1, upTo: offset, limit: 1 }
  return (await store.read({ topic, partition, epoch }, range)).length > 0
}

/** The epoch is not compared: before a crash this record may have been claimed under an epoch that has since ended. */
export function isHeldBy(stored: StoredEvent, holder: Claim | null | undefined): boolean {
  return holder != null && isSamePosition(stored, holder)
}

/** Whether two positions are the same, in any epochs. */
export function isSamePosition(a: Position, b: Position): boolean {
  return a.topic === b.topic && a.partition === b.partition && a.offset === b.offset
}

/** Why a record is no event that counts. */
export class UnusableRecord extends Error {
  readonly letterCode: DeadLetterCode
  constructor(letterCode: DeadLetterCode, reason: string) {
    super(reason)
    this.name = 'UnusableRecord'
    this.letterCode = letterCode
  }
}

/**
 * Returns a decoder of records in structured or binary mode, as any producer may write them. It fills in what the
 * catalog derives, since producers also write to the topics directly, and throws an error with the reason if a
 * record is no event, or its data does not fit its type. A record that none of our functions signed must be one that
 * any publisher could have posted (docs/adr/0029).
 */
export function recordDecoder(catalog: Catalog, judge: JudgeRecord): DecodeRecord {
  return (record) => {
    const unreadable = unreadableOf(record.headers)
    if (unreadable) throw new UnusableRecord(unreadable.code, unreadable.reason)
    const verdict = judge(record)
    const forgery = { pointer: '', detail: 'its signature was made with no secret of this stage' }
    assertFaultless('forged', verdict === 'forged' ? [forgery] : [])
    const sent = decodeKafka(record)
    const event = deriveCategory(sent, catalog) as CloudEvent
    const dataFaults = checkData(event, catalog)
    const isKnown = catalog.definitionOf(event.type) !== undefined
    const dataCode = isKnown ? 'invalid_data' : 'unknown_type'
    // A category that cannot be derived may follow from data that is not right.
    assertFaultless(dataFaults.length > 0 ? dataCode : 'invalid_event', [...checkEvent(event), ...dataFaults])
    const marks = verdict === 'signed' ? marksOf(record) : {}
    if (verdict === 'signed' && !isOfStranger(record)) return { event, ...marks }
    assertFaultless('forbidden', [...sourceFault(event.source), ...authorFaults(event, STRANGER, catalog)])
    return { event, ...marks, digest: digestOf(sent, event) }
  }
}

function assertFaultless(code: DeadLetterCode, faults: readonly Fault[]): void {
  if (faults.length > 0) throw new UnusableRecord(code, faultsRefusal('invalid_event', faults).message)
}
