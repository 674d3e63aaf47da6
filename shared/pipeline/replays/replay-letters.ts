import { Buffer } from 'node:buffer'
import { UNREADABLE_HEADER } from '#shared/core/dead-letter.ts'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'

import { toRecord } from '#shared/pipeline/accept/accept.ts'
import { deriveCategory } from '#shared/pipeline/accept/check-event.ts'
import { digestOf } from '#shared/pipeline/accept/event-digest.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { decodeKafka } from '#shared/pipeline/cloudevents/kafka.ts'
import { type DeadLetter, ERASED_LETTER, type Settlement } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import type { KafkaRecord, RawLog, RawRecord } from '#shared/pipeline/ports.ts'
import type { RecordSecrets } from '#shared/pipeline/record-secrets.ts'
import {
  DIGEST,
  isOfStranger,
  REPLAY_AFTER,
  REPLAY_OF,
  REPLAY_STRANGER,
  replayOfValue,
} from '#shared/pipeline/signed-record.ts'
import type { ReplayJob } from './replay-store.ts'
import type { DoSlice } from './run-replay.ts'

type LettersDeps = {
  readonly replays: { selected: (id: string, page: { from: number; limit: number }) => Promise<Position[]> }
  readonly deadLetters: Pick<DeadLetterStore, 'get' | 'settle'>
  /** Kafka. Its records are signed. */
  readonly kafka: RawLog
  /** Returns the record at a position; null if Kafka no longer has it. */
  readonly readRecord: (position: Position) => Promise<KafkaRecord | null>
  readonly secrets: Pick<RecordSecrets, 'meet' | 'judge'>
  readonly catalog: Catalog
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** How many letters a slice has at most: what is done again after a crash. */
const SLICE = 100
/** Kafka takes at most 1 MB of a partition at once. */
const CHUNK_BYTES = 800_000

type Outcome = 'done' | 'skipped' | 'failed'
type Found = { readonly letter: DeadLetter; readonly record: RawRecord }

/**
 * Makes what replays dead letters: it appends their records to Kafka, waits for the acknowledgement, and settles the
 * letters as replayed. After a crash between the two a letter is still open, and the next worker appends its record once
 * more: the two have the same source and id, or are of an event that is folded once, so they count once
 * (docs/architecture.md, I8).
 */
export function lettersSlice(deps: LettersDeps): DoSlice {
  return async (job) => {
    const { positions, from } = await nextOf(job, deps)
    const looked = await Promise.all(positions.map((position) => prepare(position, job, deps)))
    const found = looked.flatMap((one) => (typeof one === 'string' ? [] : [one]))
    for (const chunk of chunksOf(found)) {
      await deps.kafka.append(chunk.map(({ record }) => record))
      const settlement = { status: 'replayed', at: deps.now(), by: job.by, replay: job.id } as const
      await Promise.all(chunk.map(({ letter }) => deps.deadLetters.settle(letter, settlement)))
    }
    return sliceOf(
      looked.map((one) => (typeof one === 'string' ? one : 'done')),
      from,
      job,
    )
  }
}

/** Makes what settles dead letters as discarded. */
export function discardSlice(deps: Pick<LettersDeps, 'replays' | 'deadLetters' | 'now'>): DoSlice {
  return async (job) => {
    const { positions, from } = await nextOf(job, deps)
    const reason = String(job.request.reason)
    const settle = async (position: Position): Promise<Outcome> => {
      const letter = await deps.deadLetters.get(position)
      if (letter?.status !== 'open') return outcomeOf(letter, job)
      const settlement: Settlement = {
        status: 'discarded',
        at: deps.now(),
        by: job.by,
        reason,
        replay: job.id,
      }
      await deps.deadLetters.settle(letter, settlement)
      return 'done'
    }
    return sliceOf(await Promise.all(positions.map(settle)), from, job)
  }
}

async function nextOf(job: ReplayJob, { replays }: Pick<LettersDeps, 'replays'>) {
  const from = Number(job.checkpoint ?? 0)
  const limit = Math.min(SLICE, job.rate)
  return { from, positions: await replays.selected(job.id, { from, limit }) }
}

function sliceOf(outcomes: readonly Outcome[], from: number, { total }: ReplayJob) {
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length
  const next = from + outcomes.length
  return {
    counts: { done: count('done'), skipped: count('skipped'), failed: count('failed') },
    checkpoint: next,
    // A selection that cannot be read any more would never end.
    isDone: next >= total || outcomes.length === 0,
  }
}

/** A letter that is settled was done by this replay, before a crash, or there is nothing to do. */
function outcomeOf(letter: DeadLetter | null, { id }: ReplayJob): Outcome {
  return letter?.settled?.replay === id ? 'done' : 'skipped'
}

async function prepare(position: Position, job: ReplayJob, deps: LettersDeps): Promise<Found | Outcome> {
  const letter = await deps.deadLetters.get(position)
  if (letter === null || letter.status !== 'open') return outcomeOf(letter, job)
  const mended = mendedOf(job)
  if (letter.reason === ERASED_LETTER.reason) return 'skipped'
  // Its bytes are a batch, or cut: appended as a record they would be another dead letter.
  if (!mended && letter.headers.some(({ name }) => name === UNREADABLE_HEADER)) return 'failed'
  const original = await originalOf(letter, deps)
  if (original === null) return mended ? { letter, record: mendedRecord(mended, letter, [], deps) } : 'failed'
  const older = olderReplays(original)
  if (mended) return { letter, record: mendedRecord(mended, letter, older, deps) }
  await deps.secrets.meet([original])
  return { letter, record: replayRecord(letter, original, older, deps) }
}

function mendedOf({ material }: ReplayJob): CloudEvent | undefined {
  const event = material?.event
  return (typeof event === 'string' ? parseExactJson(event) : event) as CloudEvent | undefined
}

const TEXT = new TextDecoder()

/** The dead letters that a letter is itself a replay of, as text, the latest first. */
function olderReplays({ headers }: KafkaRecord): string[] {
  const find = (name: string) => headers.find((header) => header.name === name)?.value
  return [REPLAY_OF, REPLAY_AFTER].flatMap((name) => {
    const value = find(name)
    return value ? TEXT.decode(value).split(',') : []
  })
}

/** How many positions a record names at most: a letter that fails so often is no longer found by the first. */
const MOST_OLDER = 50

function linksOf(letter: DeadLetter, older: readonly string[]): Record<string, string> {
  const shown = older.slice(0, MOST_OLDER).join(',')
  return { [REPLAY_OF]: replayOfValue(letter), ...(shown !== '' && { [REPLAY_AFTER]: shown }) }
}

/**
 * Returns the record of a replay: the bytes of the original, and its key, in its partition. What a stranger wrote stays
 * what a stranger wrote: the signature then is that of the headers only.
 */
function replayRecord(
  letter: DeadLetter,
  original: KafkaRecord,
  older: readonly string[],
  { secrets, catalog }: LettersDeps,
): RawRecord {
  const isOurs = secrets.judge(original) === 'signed' && !isOfStranger(original)
  const kept = original.headers.filter(
    ({ name }) => !name.startsWith('tidewire-') || (isOurs && name === DIGEST),
  )
  const { topic, partition, key, value } = original
  const right = letter.code === 'wrong_topic' ? rightTopicOf(original, catalog) : topic
  return {
    topic: right,
    ...(right === topic && { partition }),
    key: key ?? (right === topic ? null : (letter.id ?? '')),
    value: value ?? new Uint8Array(0),
    headers: {
      ...Object.fromEntries([...kept].reverse().map(({ name, value: bytes }) => [name, bytes])),
      ...linksOf(letter, older),
      ...(!isOurs && { [REPLAY_STRANGER.name]: REPLAY_STRANGER.value }),
    },
  }
}

/** The topic of the category of a record that is in another one. */
function rightTopicOf(record: KafkaRecord, catalog: Catalog): string {
  try {
    const { category } = deriveCategory(decodeKafka(record), catalog)
    return typeof category === 'string' ? catalog.topicOf(category) : record.topic
  } catch {
    return record.topic // it becomes a dead letter again, with the reason
  }
}

/** Returns the record of the event that takes the place of a letter: one of our own, in the topic of its category. */
function mendedRecord(
  event: CloudEvent,
  letter: DeadLetter,
  older: readonly string[],
  { catalog }: LettersDeps,
): RawRecord {
  const { headers, ...record } = toRecord(event, catalog, { digest: digestOf(event, event) })
  const isThere = record.topic === letter.topic
  const key = letter.key === null ? record.key : Buffer.from(letter.key, 'base64')
  return {
    ...record,
    key: isThere ? key : record.key,
    ...(isThere && { partition: letter.partition }),
    headers: { ...headers, ...linksOf(letter, older) },
  }
}

/** What a letter may have of a record; more is cut (shared/pipeline/dead-letters/to-dead-letter.ts). */
const WHOLE = { keyBytes: 1024, headers: 50, headerBytes: 1024, allHeaderBytes: 15 * 1024 } as const

/** Returns the record of a letter: from its own bytes if they are all there, otherwise from Kafka; null if it is gone. */
async function originalOf(letter: DeadLetter, { readRecord }: LettersDeps): Promise<KafkaRecord | null> {
  const { topic, partition, offset, timestamp, truncated } = letter
  const bytesOf = (text: string) => Buffer.from(text, 'base64')
  const key = letter.key === null ? null : bytesOf(letter.key)
  const headers = letter.headers.map(({ name, value }) => ({ name, value: bytesOf(value) }))
  const size = headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0)
  const isWhole =
    !truncated &&
    (key?.length ?? 0) < WHOLE.keyBytes &&
    headers.length < WHOLE.headers &&
    headers.every(({ value }) => value.length < WHOLE.headerBytes) &&
    size < WHOLE.allHeaderBytes
  if (isWhole) {
    const value = letter.value === null ? null : bytesOf(letter.value)
    return { topic, partition, offset, timestamp, key, value, headers }
  }
  const record = await readRecord(letter)
  return record?.timestamp === timestamp ? record : null
}

/** Splits letters into what Kafka takes at once. */
function chunksOf(found: readonly Found[]): Found[][] {
  const chunks: Found[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const one of found) {
    const size = one.record.value.length
    if (bytes + size > CHUNK_BYTES) {
      chunks.push([])
      bytes = 0
    }
    chunks.at(-1)?.push(one)
    bytes += size
  }
  return chunks
}
