import { ftruncateSync, writeSync } from 'node:fs'

/**
 * Appends to a file opened for appending, whose size is `size`. The bytes are with the operating system when this
 * returns, so they survive the process. A failed write leaves no half entry behind.
 */
export function writeFully(file: number, bytes: Buffer, size: number): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
  } catch (cause) {
    ftruncateSync(file, size)
    throw cause
  }
}
