import { unreadableOf } from '#shared/core/dead-letter.ts'
import { erasureOf } from '#shared/core/erasure.ts'
import { type ClaimStore, isSameEvent } from '#shared/pipeline/claim-store.ts'
import { type FailedPartition, isHeldBy, runPartitions } from '#shared/pipeline/consume/consume.ts'
import type { DecodedRecord, DecodeRecord, KafkaRecord } from '#shared/pipeline/ports.ts'
import type { Archive } from './archive.ts'
import {
  type ArchivedRecord,
  type FileRange,
  fileKey,
  MOST_OFFSETS,
  packRecords,
  unpackRecords,
} from './archive-file.ts'
import { type ErasedRecord, eraseArchived, eraseRecords } from './erase-archived.ts'

export type ArchiveDeps = {
  readonly archive: Archive
  readonly decode: DecodeRecord
  readonly claims: Pick<ClaimStore, 'find'>
}

/**
 * Writes a batch of records to the archive, a file for each partition, and erases in it what the erasures of the batch
 * name (docs/archive.md). Returns the partitions that failed, or were not done within `withinMs` milliseconds: they must
 * come again. Writing a batch again changes nothing. With other borders it makes files that overlap.
 */
export async function archiveRecords(
  records: readonly KafkaRecord[],
  withinMs: number,
  deps: ArchiveDeps,
): Promise<readonly FailedPartition[]> {
  const { failed } = await runPartitions(records, (own) => archivePartition(own, deps), withinMs)
  return failed
}

async function archivePartition(own: readonly KafkaRecord[], deps: ArchiveDeps): Promise<void> {
  const archived = await toArchived(own, deps)
  const erased = archived.flatMap(erasedBy)
  // The event that is erased may be in the same batch. Its data is never written then.
  const { records, further } = eraseRecords(archived, erased)
  for (const slice of slicesOf(own)) {
    const { first, last } = slice
    const inSlice = records.filter(({ offset }) => offset >= first && offset <= last)
    if (inSlice.length > 0) await putFile(slice, inSlice, deps.archive)
  }
  await eraseArchived([...erased, ...further], deps.archive)
}

/** The records that count. Repeats of an event are left out: an erasure names only the record that has the claim. */
async function toArchived(own: readonly KafkaRecord[], { decode, claims }: ArchiveDeps) {
  const decoded = own.map((record) => ({ record, found: decodeOrNull(record, decode) }))
  const events = decoded.flatMap(({ record, found }) => (found ? [{ ...record, ...found }] : []))
  const holders = events.length > 0 ? await claims.find(events.map(({ event }) => event)) : []
  const repeats = new Set(
    events.flatMap((stored, index) => {
      const holder = holders[index]
      return holder && !isHeldBy(stored, holder) && isSameEvent(holder, stored) ? [stored.offset] : []
    }),
  )
  return decoded.flatMap(({ record, found }) => (repeats.has(record.offset) ? [] : [lineOf(record, found)]))
}

function decodeOrNull(record: KafkaRecord, decode: DecodeRecord): DecodedRecord | null {
  try {
    return decode(record)
  } catch {
    return null // no event: it is a dead letter of `deliver`, which says why
  }
}

function lineOf(
  { topic, partition, offset, timestamp, value, headers }: KafkaRecord,
  decoded: DecodedRecord | null,
): ArchivedRecord {
  const position = { topic, partition, offset, timestamp }
  if (decoded === null) {
    const unreadable = unreadableOf(headers)?.reason
    const bytes = value === null ? null : Buffer.from(value).toString('base64')
    return { ...position, value: bytes, ...(unreadable !== undefined && { unreadable }) }
  }
  const { event, replayOf, olderReplays = [] } = decoded
  return { ...position, event, ...(replayOf && { replayOf: [replayOf, ...olderReplays] }) }
}

function erasedBy(record: ArchivedRecord): ErasedRecord[] {
  const erasure = 'event' in record ? erasureOf(record.event) : null
  if (erasure === null) return []
  const { topic, partition } = record
  const { offset, id, source, at } = erasure
  return [{ topic, partition, offset, id, source, at }]
}

/** The ranges of the files of a batch of one partition: one, unless many offsets have no record. */
function slicesOf(own: readonly KafkaRecord[]): FileRange[] {
  const slices: FileRange[] = []
  for (const { topic, partition, offset } of own) {
    const open = slices.at(-1)
    if (open !== undefined && offset - open.first < MOST_OFFSETS)
      slices[slices.length - 1] = { ...open, last: offset }
    else slices.push({ topic, partition, first: offset, last: offset })
  }
  return slices
}

/**
 * Stores a file, unless it is there from an earlier attempt: since then something in it may have been erased. A file of
 * the same name whose records have other times is of a topic that was created again since.
 */
async function putFile(
  range: FileRange,
  records: readonly ArchivedRecord[],
  archive: Archive,
): Promise<void> {
  const bytes = packRecords(records)
  const key = fileKey(range)
  if (await archive.put(key, bytes)) return
  const before = await archive.get(key)
  const times = new Map(records.map(({ offset, timestamp }) => [offset, timestamp]))
  const isThere = (before ? unpackRecords(before.bytes) : []).some(
    ({ offset, timestamp }) => times.get(offset) === timestamp,
  )
  if (!isThere) await archive.put(fileKey(range, records[0]?.timestamp), bytes)
}
