import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomically } from './write-file-atomically.ts'

/** The offset below which the records of a partition were deleted on request, kept in a file beside its segments. */
export type StartMark = {
  readonly offset: number
  raise(offset: number): void
}

export function openStartMark(directory: string): StartMark {
  const path = join(directory, 'log-start-offset')
  let marked = existsSync(path) ? Number.parseInt(readFileSync(path, 'utf8'), 10) : 0
  return {
    get offset() {
      return marked
    },
    raise(offset) {
      mkdirSync(directory, { recursive: true })
      writeFileAtomically(path, String(offset))
      marked = offset
    },
  }
}
