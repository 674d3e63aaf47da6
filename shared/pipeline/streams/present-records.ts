import { Buffer } from 'node:buffer'
import { erasedForm } from '#shared/core/erasure.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import type { ShownRecord } from '#shared/core/streams.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import { decodeKafka } from '#shared/pipeline/cloudevents/kafka.ts'
import { decodeBatch } from '#shared/pipeline/consume/consume.ts'
import type { DecodeRecord, EventStore, KafkaRecord } from '#shared/pipeline/ports.ts'
import { type JudgeRecord, SIGNATURE } from '#shared/pipeline/signed-record.ts'

export type PresentDeps = {
  readonly catalog: Catalog
  readonly decode: DecodeRecord
  readonly judge: JudgeRecord
  readonly store: Pick<EventStore, 'topic' | 'erasures'>
  readonly claims: Pick<ClaimStore, 'find'>
}

/** How much of a value is shown: among others, and alone. */
const MOST_BYTES = { among: 64 * 1024, alone: 1024 * 1024 } as const

type Passes = (record: {
  readonly event: CloudEvent | null
  readonly texts: readonly (Uint8Array | null)[]
}) => boolean

type Read = {
  readonly record: KafkaRecord
  readonly event: CloudEvent | null
  readonly problem?: string
  readonly ahead?: true
  readonly erased?: string
}

/**
 * Presents records of one partition, in input order; null for those that do not pass. What was erased is taken away
 * before it is judged, so that a filter finds nothing in it: neither the event's own record nor one that repeats it.
 */
export async function presentRecords(
  records: readonly KafkaRecord[],
  passes: Passes,
  { isWhole }: { readonly isWhole: boolean },
  deps: PresentDeps,
): Promise<(ShownRecord | null)[]> {
  const read = await withoutErased(
    records.map((record) => readRecord(record, deps)),
    deps,
  )
  const passing = read.filter((one) => passes(judgedOf(one)))
  const unrepeated = new Map((await withoutErasedRepeats(passing, deps)).map((one) => [one.record, one]))
  return records.map((record) => {
    const one = unrepeated.get(record)
    return one !== undefined && passes(judgedOf(one)) ? show(one, isWhole, deps) : null
  })
}

function readRecord(record: KafkaRecord, deps: PresentDeps): Read {
  // What is in a topic of others is no dead letter.
  if (!deps.catalog.names.includes(record.topic)) return { record, event: eventIn(record) }
  const { events, letters } = decodeBatch([record], deps, 'deliver')
  const [stored] = events
  if (stored) return { record, event: stored.event, ...(stored.ahead && { ahead: stored.ahead }) }
  return { record, event: eventIn(record), problem: letters[0]?.reason ?? 'It is no event.' }
}

function eventIn(record: KafkaRecord): CloudEvent | null {
  try {
    return decodeKafka(record)
  } catch {
    return null
  }
}

/** Erasures are marked by their positions, in the topics that are stored. */
async function withoutErased(read: readonly Read[], { catalog, store }: PresentDeps): Promise<Read[]> {
  const [first] = read
  const last = read.at(-1)
  if (!first || !last || !catalog.names.includes(first.record.topic)) return [...read]
  const { topic, partition } = first.record
  const { epoch } = await store.topic(topic)
  const range = { from: first.record.offset, to: last.record.offset }
  const marks = await store.erasures({ topic, epoch, partition }, range)
  return read.map((one) => {
    const at = marks.get(one.record.offset)
    return at === undefined ? one : erase(one, at)
  })
}

/**
 * A record with the id of an event at another position, such as the retry of a producer, has the same data: it is taken
 * away with the event's.
 */
async function withoutErasedRepeats(
  read: readonly Read[],
  { claims, store, catalog }: PresentDeps,
): Promise<Read[]> {
  const events = read.flatMap((one) =>
    one.event && one.erased === undefined ? [{ one, event: one.event }] : [],
  )
  const claimed = events.length === 0 ? [] : await claims.find(events.map(({ event }) => event))
  const others = events.flatMap(({ one, event }, index) => {
    const claim = claimed[index]
    const { topic, partition, offset } = one.record
    const isOwn = claim?.topic === topic && claim.partition === partition && claim.offset === offset
    return claim && !isOwn && catalog.names.includes(claim.topic) ? [{ one, event, claim }] : []
  })
  const erased = new Map<Read, string>()
  for (const { one, claim } of others) {
    const { topic, partition, offset } = claim
    const epoch = claim.epoch ?? (await store.topic(topic)).epoch
    const at = (await store.erasures({ topic, epoch, partition }, { from: offset, to: offset })).get(offset)
    if (at !== undefined) erased.set(one, at)
  }
  return read.map((one) => {
    const at = erased.get(one)
    return at === undefined ? one : erase(one, at)
  })
}

function erase({ record, event, ahead }: Read, at: string): Read {
  return { record, event: event && erasedForm(event, at), ...(ahead && { ahead }), erased: at }
}

function judgedOf({ record: { key, value, headers }, event, erased }: Read): Parameters<Passes>[0] {
  if (erased !== undefined) return { event, texts: [Buffer.from(JSON.stringify(event))] }
  const shown = headers.filter(({ name }) => name !== SIGNATURE)
  return { event, texts: [key, value, ...shown.flatMap((one) => [Buffer.from(one.name), one.value])] }
}

function show(
  { record, event, problem, ahead, erased }: Read,
  isWhole: boolean,
  { judge }: PresentDeps,
): ShownRecord {
  const { offset, timestamp, key, value, headers } = record
  const size = value?.length ?? 0
  const signature = judge(record)
  const common = { offset, timestamp, size, event, signature, ...(ahead && { ahead }) }
  if (erased !== undefined)
    return { ...common, key: null, headers: [], value: null, truncated: false, erased }
  const most = isWhole ? MOST_BYTES.alone : MOST_BYTES.among
  return {
    ...common,
    key: key && base64(key),
    headers: headers.map(({ name, value: bytes }) => ({
      name,
      value: name === SIGNATURE ? null : base64(bytes),
    })),
    value: value && base64(value.subarray(0, most)),
    truncated: size > most,
    ...(problem !== undefined && { problem }),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
