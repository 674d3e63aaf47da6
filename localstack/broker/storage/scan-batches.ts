import { readSync } from 'node:fs'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchBytes,
  hasValidChecksum,
  magicOf,
  readBatchHeader,
} from './record-batch.ts'

const WINDOW_BYTES = 64 * 1024

/**
 * Walks over the batches of a segment file from `position` to `end` and yields each header with its position.
 * Stops before the first batch that is torn or, with `verify`, corrupt.
 */
export function* scanBatches(
  file: number,
  position: number,
  end: number,
  verify = false,
): Generator<{ header: BatchHeader; position: number }> {
  const source = createWindow(file, end)
  let at = position
  while (at + BATCH_HEADER_BYTES <= end) {
    const head = source.view(at, BATCH_HEADER_BYTES)
    const bytes = batchBytes(head, 0)
    if (bytes < BATCH_HEADER_BYTES || at + bytes > end || magicOf(head) !== 2) return
    const header = readBatchHeader(head)
    if (verify && !hasValidChecksum(source.view(at, bytes))) return
    yield { header, position: at }
    at += bytes
  }
}

/** Reads a file through a window, so that small batches cost one system call per 64 KiB. */
function createWindow(file: number, end: number): { view(position: number, bytes: number): Buffer } {
  let window = Buffer.alloc(0)
  let start = 0
  return {
    view(position, bytes) {
      if (position < start || position + bytes > start + window.length) {
        window = Buffer.allocUnsafe(Math.min(Math.max(bytes, WINDOW_BYTES), end - position))
        readFully(file, window, position)
        start = position
      }
      return window.subarray(position - start, position - start + bytes)
    },
  }
}

/** Fills `target` from `position` of the file; the caller knows that so many bytes are there. */
export function readFully(file: number, target: Buffer, position: number): void {
  for (let done = 0; done < target.length; ) {
    const bytes = readSync(file, target, done, target.length - done, position + done)
    if (bytes === 0)
      throw new Error(`segment ended at ${position + done}, ${target.length - done} bytes early`)
    done += bytes
  }
}
