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
 * Yields the header and the position of each batch of a segment file from `position` to `end`.
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

/** Reads `bytes` of a file. Throws if it ends before. */
export function readBytes(file: number, position: number, bytes: number): Buffer {
  const target = Buffer.allocUnsafe(bytes)
  readFully(file, target, position)
  return target
}

/** Cuts off an incomplete batch at the end. */
export function trimToWholeBatches(buffer: Buffer): Buffer {
  let end = 0
  while (end + 12 <= buffer.length && end + batchBytes(buffer, end) <= buffer.length) {
    end += batchBytes(buffer, end)
  }
  return buffer.subarray(0, end)
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

/** Fills `target` from `position` of the file. Throws if the file ends before. */
function readFully(file: number, target: Buffer, position: number): void {
  for (let done = 0; done < target.length; ) {
    const bytes = readSync(file, target, done, target.length - done, position + done)
    if (bytes === 0)
      throw new Error(`segment ended at ${position + done}, ${target.length - done} bytes early`)
    done += bytes
  }
}
