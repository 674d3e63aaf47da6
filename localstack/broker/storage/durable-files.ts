import { ftruncateSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'

/** Replaces a file. A process that is killed at any moment leaves either the old or the new content. */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.tmp`
  try {
    writeFileSync(temporary, content, { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    // What a full disk has taken of it would keep the disk full.
    rmSync(temporary, { force: true })
    throw error
  }
}

/**
 * Appends to a file opened for appending, whose size is `size`. The operating system has the bytes when this
 * returns, so they survive the process. A failed write leaves no partial entry.
 */
export function writeFully(file: number, bytes: Buffer, size: number): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
  } catch (cause) {
    ftruncateSync(file, size)
    throw cause
  }
}
