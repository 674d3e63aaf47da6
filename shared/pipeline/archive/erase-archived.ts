import { erasedForm, isErased } from '#shared/core/erasure.ts'
import type { Position } from '#shared/core/event.ts'
import type { Archive } from './archive.ts'
import {
  type ArchivedRecord,
  beforeOffset,
  filePrefix,
  packRecords,
  rangeOf,
  unpackRecords,
} from './archive-file.ts'

/** An event to erase, where it is, and when it was erased (RFC 3339). */
export type ErasedRecord = Position & { readonly id: string; readonly source: string; readonly at: string }

/** How often a file is read again because another worker has replaced it meanwhile. */
const MAX_TRIES = 5

/** Returns records without the data of the events that were erased, and the same for the records that these were replayed from. */
export function eraseRecords(
  records: readonly ArchivedRecord[],
  erased: readonly ErasedRecord[],
): { readonly records: readonly ArchivedRecord[]; readonly further: readonly ErasedRecord[] } {
  const byPosition = new Map(erased.map((one) => [keyOf(one), one]))
  const further: ErasedRecord[] = []
  const left = records.map((record) => {
    const found = byPosition.get(keyOf(record))
    const isOther = found === undefined || ('event' in record && !isSame(record.event, found))
    if (isOther) return record
    if ('event' in record)
      further.push(...(record.replayOf ?? []).map((position) => ({ ...found, ...position })))
    return withoutData(record, found.at)
  })
  return { records: left, further }
}

/**
 * Erases events in the files that have them. Erasing them again changes nothing. Throws if a file cannot be read, or other
 * workers replace it all the time: the same events may then be erased again.
 */
export async function eraseArchived(erased: readonly ErasedRecord[], archive: Archive): Promise<void> {
  const known = new Set<string>()
  let waiting = erased
  while (waiting.length > 0) {
    for (const one of waiting) known.add(keyOf(one))
    const places = await Promise.all(waiting.map((one) => filesWith(one, archive)))
    const found: ErasedRecord[] = []
    for (const key of new Set(places.flat())) found.push(...(await eraseIn(key, waiting, archive)))
    waiting = found.filter((one) => !known.has(keyOf(one)))
  }
}

/** Returns the keys of the files that can have a position. Batches that came again with other borders have it twice. */
async function filesWith(position: Position, archive: Archive): Promise<readonly string[]> {
  const found: string[] = []
  for (let after = beforeOffset(position); ; ) {
    const keys = await archive.list(filePrefix(position), after)
    for (const key of keys) {
      const range = rangeOf(key)
      if (range === null) continue
      if (range.first > position.offset) return found
      if (range.last >= position.offset) found.push(key)
    }
    const last = keys.at(-1)
    if (last === undefined) return found
    after = last
  }
}

async function eraseIn(
  key: string,
  erased: readonly ErasedRecord[],
  archive: Archive,
): Promise<readonly ErasedRecord[]> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const object = await archive.get(key)
    if (object === null) return []
    const before = unpackRecords(object.bytes)
    const { records, further } = eraseRecords(before, erased)
    const isChanged = records.some((record, index) => record !== before[index])
    if (!isChanged || (await archive.replace(key, packRecords(records), object.version))) return further
  }
  throw new Error(`${key} is replaced by other workers all the time`)
}

/** What stays of a record. What it was replayed from stays too, so that a worker that died can go on. */
function withoutData(record: ArchivedRecord, at: string): ArchivedRecord {
  const { topic, partition, offset, timestamp } = record
  const position = { topic, partition, offset, timestamp }
  if (!('event' in record))
    return record.erased === undefined ? { ...position, value: null, erased: at } : record
  if (isErased(record.event)) return record
  const { replayOf } = record
  return { ...position, event: erasedForm(record.event, at), ...(replayOf && { replayOf }) }
}

function isSame(
  event: { readonly id: string; readonly source: string },
  { id, source }: ErasedRecord,
): boolean {
  return event.id === id && event.source === source
}

function keyOf({ topic, partition, offset }: Position): string {
  return `${topic}/${partition}/${offset}`
}
