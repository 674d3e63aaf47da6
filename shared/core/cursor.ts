import type { Position } from './event.ts'
import { CURSOR_LIMITS } from './limits.ts'

/** The entry of one topic in a cursor: its epoch, and the last offset seen of each partition. */
export type TopicCursor = { readonly epoch: string; readonly offsets: ReadonlyMap<number, number> }

/** The position of a reader: topic → epoch and offsets. If a partition is missing, nothing of it has been read. */
export type Cursor = ReadonlyMap<string, TopicCursor>

/**
 * Why a reader could not continue from its cursor: too far behind for a socket, older than the log, another epoch, or
 * ahead of what the log has, as after a restore.
 */
export const NOT_RECOVERED = ['too_far', 'trimmed', 'epoch', 'ahead'] as const
export type NotRecovered = (typeof NOT_RECOVERED)[number]

/** Thrown for text that is not a valid cursor. */
export class CursorError extends Error {
  readonly code = 'malformed_cursor'
}

const TOPIC = '[A-Za-z0-9._-]{1,249}'
const EPOCH = '[A-Za-z0-9]{1,32}'
const OFFSETS = '(?:\\d{1,9}=\\d{1,16}(?:,\\d{1,9}=\\d{1,16})*)?'
const ENTRY = `${TOPIC}@${EPOCH}:${OFFSETS}`
const ENTRY_PARTS = new RegExp(`^(${TOPIC})@(${EPOCH}):(${OFFSETS})$`)

/** The grammar of a cursor as a regular expression, for the published JSON Schemas. */
export const CURSOR_EXPRESSION = `^(?:${ENTRY}(?:;${ENTRY})*)?$`

/**
 * Parses `container-events@<epoch>:0=12,1=7;port-events@<epoch>:0=3`. Empty text is the cursor before all events.
 * Throws CursorError with the reason.
 */
export function parseCursor(text: string): Cursor {
  const cursor = new Map<string, TopicCursor>()
  if (text === '') return cursor
  const entries = text.split(';')
  if (entries.length > CURSOR_LIMITS.topics)
    throw new CursorError(`it has ${entries.length} topics; at most ${CURSOR_LIMITS.topics} are allowed`)
  let partitions = 0
  for (const entry of entries) {
    const [, topic, epoch, list] = ENTRY_PARTS.exec(entry) ?? []
    if (topic === undefined || epoch === undefined || list === undefined)
      throw new CursorError(`"${entry.slice(0, 80)}" is not "<topic>@<epoch>:<partition>=<offset>,…"`)
    if (cursor.has(topic)) throw new CursorError(`topic "${topic}" appears twice`)
    const offsets = parseOffsets(list)
    partitions += offsets.size
    if (partitions > CURSOR_LIMITS.partitions)
      throw new CursorError(`it has more than ${CURSOR_LIMITS.partitions} partitions`)
    cursor.set(topic, { epoch, offsets })
  }
  return cursor
}

function parseOffsets(list: string): Map<number, number> {
  const offsets = new Map<number, number>()
  for (const pair of list === '' ? [] : list.split(',')) {
    const [partition, offset] = pair.split('=').map(Number)
    if (partition === undefined || offset === undefined) continue
    if (offsets.has(partition)) throw new CursorError(`partition ${partition} appears twice`)
    offsets.set(partition, offset)
  }
  return offsets
}

/** Returns a cursor as text. Topics and partitions are sorted, so equal cursors have equal texts. */
export function formatCursor(cursor: Cursor): string {
  return [...cursor]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([topic, { epoch, offsets }]) => {
      const pairs = [...offsets]
        .sort(([a], [b]) => a - b)
        .map(([partition, offset]) => `${partition}=${offset}`)
      return `${topic}@${epoch}:${pairs.join(',')}`
    })
    .join(';')
}

/** Returns the last offset seen of a partition, or -1. */
export function offsetSeen(cursor: Cursor, topic: string, partition: number): number {
  return cursor.get(topic)?.offsets.get(partition) ?? -1
}

/**
 * Returns the cursor advanced to a position; the same cursor if it already includes it or does not contain the topic.
 */
export function advanceCursor(cursor: Cursor, { topic, partition, offset }: Position): Cursor {
  const known = cursor.get(topic)
  if (known === undefined || offset <= offsetSeen(cursor, topic, partition)) return cursor
  const offsets = new Map(known.offsets).set(partition, offset)
  return new Map(cursor).set(topic, { epoch: known.epoch, offsets })
}

/**
 * Merges two cursors. If both contain a topic with the same epoch, the higher offsets are used, otherwise the right
 * entry.
 */
export function mergeCursors(left: Cursor, right: Cursor): Cursor {
  const merged = new Map(left)
  for (const [topic, entry] of right) {
    const known = merged.get(topic)
    if (known?.epoch !== entry.epoch) merged.set(topic, entry)
    else {
      const offsets = new Map(known.offsets)
      for (const [partition, offset] of entry.offsets)
        offsets.set(partition, Math.max(offset, offsets.get(partition) ?? -1))
      merged.set(topic, { epoch: entry.epoch, offsets })
    }
  }
  return merged
}
