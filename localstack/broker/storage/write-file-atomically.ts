import { renameSync, writeFileSync } from 'node:fs'

/** Replaces a file so that a process killed at any moment leaves either the old or the new content. */
export function writeFileAtomically(path: string, content: string): void {
  const temporary = `${path}.tmp`
  writeFileSync(temporary, content, { mode: 0o600 })
  renameSync(temporary, path)
}
