import { gunzipSync, gzipSync } from 'node:zlib'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'

/**
 * A record in the archive: one line of JSON. `timestamp` is when Kafka got it, in milliseconds since 1970. A record that
 * is no event has its `value` in base64; null is one without a value.
 */
export type ArchivedRecord = Position & { readonly timestamp: number } & (
    | {
        readonly event: CloudEvent
        /** Of an event that was replayed from dead letters: where these are. */
        readonly replayOf?: readonly Position[]
      }
    | {
        readonly value: string | null
        /** Why its reader could not pass it on: then the value is the bytes of its batch, or the beginning of its own. */
        readonly unreadable?: string
        /** When its value was removed with the event that was made of it (RFC 3339). */
        readonly erased?: string
      }
  )

/** The records that a file has: those of a partition from `first` to `last`. */
export type FileRange = Pick<Position, 'topic' | 'partition'> & {
  readonly first: number
  readonly last: number
}

/** No file covers more offsets, so that the files that can have an offset are found by their names. */
export const MOST_OFFSETS = 10_000

const DIGITS = 20
const NAME = /(?:^|\/)([\w.-]+)\/(\d+)\/(\d{20})-(\d{20})(?:-\d+)?\.ndjson\.gz$/

/**
 * Returns the key of a file, which sorts by its first offset. `made` tells the file of a topic that was created again
 * from one with the same offsets: when its first record was made, in milliseconds since 1970.
 */
export function fileKey({ topic, partition, first, last }: FileRange, made?: number): string {
  const suffix = made === undefined ? '' : `-${made}`
  return `${filePrefix({ topic, partition })}${digits(first)}-${digits(last)}${suffix}.ndjson.gz`
}

/** Returns what the keys of a partition begin with. */
export function filePrefix({ topic, partition }: Pick<Position, 'topic' | 'partition'>): string {
  return `${topic}/${partition}/`
}

/** Returns a key before those of all files that can have an offset. */
export function beforeOffset(position: Position): string {
  return `${filePrefix(position)}${digits(Math.max(0, position.offset - MOST_OFFSETS + 1))}`
}

/** Returns what a key, or a path that ends with one, says of its file; null for any other. */
export function rangeOf(path: string): FileRange | null {
  const [, topic, partition, first, last] = NAME.exec(path) ?? []
  if (topic === undefined) return null
  return { topic, partition: Number(partition), first: Number(first), last: Number(last) }
}

/** Returns the bytes of a file: gzip of a line for each record. */
export function packRecords(records: readonly ArchivedRecord[]): Uint8Array {
  return gzipSync(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
}

/** Returns the records of a file. Throws if it is none. */
export function unpackRecords(bytes: Uint8Array): ArchivedRecord[] {
  const lines = gunzipSync(bytes).toString().split('\n')
  return lines.flatMap((line) => (line === '' ? [] : [parseExactJson(line) as ArchivedRecord]))
}

function digits(offset: number): string {
  return String(offset).padStart(DIGITS, '0')
}
