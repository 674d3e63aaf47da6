import type { Search } from '#web/ui/state/use-search-state.ts'

/** What of a partition is shown, as the address says it. */
export type BrowsePlace = {
  readonly partition: number
  /** Where the page begins; the newest records if it is null. */
  readonly start: { readonly offset: number } | { readonly time: string } | null
  readonly q: string
  /** A member of the event and its value: `data.containerId=MSKU-9021044`. */
  readonly field: string
  /** The offset of the record that is open. */
  readonly record: number | null
}

/** How many records a page has. */
export const PAGE = 50
/** "Older" goes back by so many offsets where a filter leaves most records out. */
export const FILTERED_STEP = 1000

/** Reads the address. What is missing or invalid is left out. */
export function readPlace({ partition, offset, time, q = '', field = '', record }: Search): BrowsePlace {
  const place = wholeOf(offset)
  const isTime = time !== undefined && !Number.isNaN(Date.parse(time))
  return {
    partition: wholeOf(partition) ?? 0,
    start: place !== null ? { offset: place } : isTime ? { time } : null,
    q,
    field,
    record: wholeOf(record),
  }
}

function wholeOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** Returns the address of the API for a page of a partition. */
export function pageAddress(
  topic: string,
  { partition, start, q, field }: Omit<BrowsePlace, 'record'>,
): string {
  const query = new URLSearchParams({
    limit: String(PAGE),
    ...(start &&
      ('offset' in start ? { offset: String(start.offset) } : { time: new Date(start.time).toISOString() })),
    ...(q !== '' && { q }),
    ...(field !== '' && { field }),
  })
  return `${partitionAddress(topic, partition)}?${query}`
}

/** Returns the address of the API for what comes after an offset. It waits for it so many seconds. */
export function tailAddress(
  topic: string,
  { partition, q, field }: Pick<BrowsePlace, 'partition' | 'q' | 'field'>,
  { next, wait }: { readonly next: number; readonly wait: number },
): string {
  return `${pageAddress(topic, { partition, start: { offset: next }, q, field })}&wait=${wait}`
}

/** Returns the address of the API for one record, whose value is then whole. */
export function recordAddress(topic: string, partition: number, offset: number): string {
  return `${partitionAddress(topic, partition)}?offset=${offset}&limit=1`
}

function partitionAddress(topic: string, partition: number): string {
  return `/streams/${encodeURIComponent(topic)}/${partition}`
}

/** Returns where the page before one begins; null if there is none. */
export function olderThan(first: number, earliest: number, isFiltered: boolean): number | null {
  return first <= earliest ? null : Math.max(earliest, first - (isFiltered ? FILTERED_STEP : PAGE))
}
