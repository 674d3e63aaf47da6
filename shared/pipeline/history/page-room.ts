import { Buffer } from 'node:buffer'

/** An answer of a Lambda function holds 6 MB, in which the page's JSON is a JSON string once more. */
const PAGE_BYTES = 4 * 1024 * 1024

/** One page reads at most this many records of the log, matching or not. */
export const PAGE_SCAN = 5000

/** What a page still has room for. Always for one item, or a reader would never come past it. */
export function pageRoom() {
  let left = PAGE_BYTES
  let isEmpty = true
  return {
    /** Takes the room that an item needs as JSON; false, from then on for every item, when there is not enough. */
    take(item: object): boolean {
      const bytes = Buffer.byteLength(JSON.stringify(JSON.stringify(item)))
      left = !isEmpty && bytes > left ? 0 : left - bytes
      const fits = isEmpty || left > 0
      isEmpty = false
      return fits
    },
    isFull: () => left <= 0,
  }
}
