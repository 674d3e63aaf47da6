import { Buffer } from 'node:buffer'
import { Refusal } from '#shared/core/refusal.ts'
import type { BrowsedPage, ShownRecord, TopicPartition } from '#shared/core/streams.ts'
import { pageRoom } from '#shared/pipeline/history/page-room.ts'
import { type Clock, pollWithin } from '#shared/pipeline/poll.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type { LogInspector } from './log-inspector.ts'
import { type PresentDeps, presentRecords } from './present-records.ts'
import { type RecordFilter, recordFilter } from './record-filter.ts'

/** Where to begin: at an offset, at the first record that is not older than a time (ms since 1970), or so many before the end. */
export type Start = { readonly offset: number } | { readonly time: number } | { readonly last: number }

export type BrowseQuery = TopicPartition & {
  readonly start: Start
  /** The maximum number of records that are returned. */
  readonly limit: number
  readonly filter: RecordFilter
  /** For how long to wait for a record that passes the filter, if there is none, in milliseconds. */
  readonly waitMs: number
}

export type BrowseDeps = PresentDeps & { readonly inspector: LogInspector; readonly clock: Clock }

/** A request looks at so much at most, and then says where to go on. */
export const SCAN_LIMITS = { records: 10_000, bytes: 16 * 1024 * 1024, ms: 4000 } as const
/** As for every page, and by default. */
export const BROWSE_LIMITS = { most: 500, usual: 50, last: 10_000 } as const
/** How much is fetched at once. */
const FETCH_BYTES = 1024 * 1024
/** How often a tail looks for what is new. */
const TAIL_PAUSES = { firstMs: 50, maxMs: 400 } as const

/**
 * Returns the records of a partition from a place on, oldest first, as they are in Kafka but without what was erased. It
 * reads outside every consumer group. Throws Refusal: `not_found` for an unknown topic or partition, `malformed` for an
 * offset beyond the end, and what the inspector throws.
 */
export async function browsePartition(query: BrowseQuery, deps: BrowseDeps): Promise<BrowsedPage> {
  const { clock } = deps
  const from = await findStart(query, deps)
  const deadline = clock.elapsed() + SCAN_LIMITS.ms
  let page = await scan(query, { from: from.offset, deadline }, deps)
  const isWaiting = () => page.records.length === 0 && page.next >= page.latest
  if (query.waitMs > 0 && isWaiting()) {
    let scanned = page.scanned
    const look = async () => {
      page = await scan(query, { from: page.next, deadline: clock.elapsed() + SCAN_LIMITS.ms }, deps)
      scanned += page.scanned
      return isWaiting() && scanned < SCAN_LIMITS.records ? null : page
    }
    await pollWithin(look, query.waitMs, clock, TAIL_PAUSES)
    page = { ...page, scanned }
  }
  return { ...page, earliest: from.earliest }
}

async function findStart(
  { topic, partition, start }: BrowseQuery,
  { inspector }: BrowseDeps,
): Promise<{ readonly offset: number; readonly earliest: number }> {
  const one = [{ topic, partition }]
  const [[earliest = 0], [latest = 0], [atTime = 0]] = await Promise.all([
    inspector.offsets(one, 'earliest'),
    inspector.offsets(one, 'latest'),
    'time' in start ? inspector.offsets(one, { time: start.time }) : [0],
  ])
  if ('time' in start) return { offset: atTime, earliest }
  if ('last' in start) return { offset: Math.max(earliest, latest - start.last), earliest }
  if (start.offset <= latest) return { offset: Math.max(earliest, start.offset), earliest }
  const detail = `is beyond the end of the partition, which is ${latest}.`
  throw new Refusal('malformed', `The offset ${start.offset} ${detail}`, {
    faults: [{ pointer: '/offset', detail }],
  })
}

type Scan = { readonly from: number; readonly deadline: number }
type Scanned = Omit<BrowsedPage, 'earliest'>

/** Looks from an offset on until the page is full, the partition ends, or it has looked at as much as it may. */
async function scan(
  { topic, partition, limit, filter }: BrowseQuery,
  { from, deadline }: Scan,
  deps: BrowseDeps,
): Promise<Scanned> {
  const passes = recordFilter(filter)
  const room = pageRoom<ShownRecord>()
  const found: ShownRecord[] = []
  let [next, scanned, bytes, latest] = [from, 0, 0, from]
  for (;;) {
    const fetched = await deps.inspector.fetch({ topic, partition, offset: next }, FETCH_BYTES)
    latest = Math.max(fetched.latest, next)
    const shown = await presentRecords(fetched.records, passes, { isWhole: limit === 1 }, deps)
    for (const [index, record] of fetched.records.entries()) {
      const one = shown[index] ?? null
      if (one !== null && !room.take(one)) return { records: found, next: record.offset, scanned, latest }
      next = record.offset + 1
      scanned++
      bytes += bytesOf(record)
      if (one !== null) found.push(one)
      if (found.length === limit || scanned >= SCAN_LIMITS.records)
        return { records: found, next, scanned, latest }
    }
    next = Math.max(next, fetched.next)
    const isDone = next >= latest || bytes >= SCAN_LIMITS.bytes || deps.clock.elapsed() >= deadline
    if (isDone) return { records: found, next, scanned, latest }
  }
}

function bytesOf({ key, value, headers }: KafkaRecord): number {
  const ofHeaders = headers.reduce(
    (sum, header) => sum + Buffer.byteLength(header.name) + header.value.length,
    0,
  )
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders
}
