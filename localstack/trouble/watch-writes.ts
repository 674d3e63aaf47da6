type Log = (line: string) => void

/** Knows whether a service of the stack can write to its folder, and says so in words when that changes. */
export type WriteWatch = {
  /**
   * Returns what `write` returns. If that throws, logs why, once until a later write succeeds, and returns what `refuse`
   * returns for the reason.
   */
  attempt<T, R>(write: () => T, refuse: (reason: string) => R): T | R
  /** Notes that a write failed, and returns the reason in words. */
  failed(error: unknown): string
  /** Notes that one succeeded. */
  succeeded(): void
}

type Watched = {
  readonly folder: string
  /** What becomes of writes meanwhile. */
  readonly consequence: string
  readonly log: Log
}

export function watchWrites({ folder, consequence, log }: Watched): WriteWatch {
  let isFailing = false
  const failed = (error: unknown): string => {
    const reason = reasonOf(error)
    if (!isFailing) log(`cannot write to ${folder}: ${reason}; ${consequence}`)
    isFailing = true
    return reason
  }
  const succeeded = (): void => {
    if (isFailing) log(`writes to ${folder} again`)
    isFailing = false
  }
  return {
    failed,
    succeeded,
    attempt(write, refuse) {
      try {
        const result = write()
        succeeded()
        return result
      } catch (error) {
        return refuse(failed(error))
      }
    },
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EROFS: 'the disk can only be read',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EIO: 'the disk has an error',
}
/** The lower byte of a result code of SQLite, https://www.sqlite.org/rescode.html */
const SQLITE_REASONS: Readonly<Record<number, string>> = {
  8: 'the disk can only be read',
  10: 'the disk has an error, or is full',
  13: 'the disk is full',
}

/** Why a write failed, in words; the message of the error if it has none of the known codes. */
export function reasonOf(error: unknown): string {
  const {
    code = '',
    errcode = 0,
    message = String(error),
  } = error as {
    code?: string
    errcode?: number
    message?: string
  }
  return REASONS[code] ?? SQLITE_REASONS[errcode & 0xff] ?? message
}

/** Whether an error is one of the disk. */
export function isDiskFailure(error: unknown): boolean {
  return REASONS[(error as { code?: string }).code ?? ''] !== undefined
}

/** Whether an error of SQLite says that it could not write, and not that the statement was wrong. */
export function isWriteFailure(error: unknown): boolean {
  const { errcode } = error as { errcode?: number }
  return errcode !== undefined && SQLITE_REASONS[errcode & 0xff] !== undefined
}
