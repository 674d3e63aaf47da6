import {
  UNREADABLE_HEADER,
  type Unreadable,
  unreadableHeader,
  unreadableOf,
} from '#shared/core/dead-letter.ts'
import { estimateSize, type KafkaRecord } from './to-lambda-event.ts'

/** What is passed on of a record that is too large: enough to see what it is, and little enough for any table. */
const KEPT = { valueBytes: 256 * 1024, keyBytes: 1024, headerBytes: 16 * 1024 } as const

/** Why Lambda cannot hand a record to a function: its batch cannot be read, or its event is larger than `maxBytes`. */
export function unpassableProblem(record: KafkaRecord, maxBytes: number): Unreadable | undefined {
  const size = estimateSize(record)
  const problem = unreadableOf(headersOf(record))
  if (problem || size <= maxBytes) return problem
  const reason = `its event has about ${size} bytes, and Lambda passes at most 6 MB to a function`
  return { code: 'too_large', reason, isCut: true }
}

/** Returns a record that fits: itself, or another in its place, with the beginning of its bytes and the reason. */
export function passableRecord(record: KafkaRecord, maxBytes: number): KafkaRecord {
  if (estimateSize(record) <= maxBytes) return record
  const problem = unpassableProblem(record, maxBytes)
  if (problem === undefined) return record
  const header: KafkaRecord['headers'][number] = [
    UNREADABLE_HEADER,
    Buffer.from(unreadableHeader({ ...problem, isCut: true })),
  ]
  let left: number = KEPT.headerBytes
  const others = record.headers.filter(([name, value]) => {
    const bytes = 6 * name.length + (value?.length ?? 0)
    if (bytes > left || name === UNREADABLE_HEADER) return false
    left -= bytes
    return true
  })
  return {
    ...record,
    key: record.key && record.key.length <= KEPT.keyBytes ? record.key : null,
    value: record.value?.subarray(0, KEPT.valueBytes) ?? null,
    headers: [header, ...others],
  }
}

function headersOf({ headers }: KafkaRecord) {
  return headers.flatMap(([name, value]) => (value ? [{ name, value }] : []))
}
