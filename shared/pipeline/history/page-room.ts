import { Buffer } from 'node:buffer'

/** A Lambda function's response is at most 6 MB, in which the page's JSON is quoted as a JSON string again. */
const PAGE_BYTES = 4 * 1024 * 1024

/** The maximum number of stored events that one page reads, matching or not. */
export const PAGE_SCAN = 5000

/**
 * Returns a counter of the bytes left in a page. The first item always fits, or a reader would never get past it.
 * `bytesOf` is what an item takes in the result of a function, in which the page is a JSON string.
 */
export function pageRoom<Item extends object>(bytesOf: (item: Item) => number = bytesAsJson) {
  let left = PAGE_BYTES
  let isEmpty = true
  return {
    /** Takes the room that an item needs. Returns false if there is not enough, and from then on for every item. */
    take(item: Item): boolean {
      const bytes = bytesOf(item)
      left = !isEmpty && bytes > left ? 0 : left - bytes
      const fits = isEmpty || left > 0
      isEmpty = false
      return fits
    },
    isFull: () => left <= 0,
  }
}

function bytesAsJson(item: object): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(item)))
}
