import type { ViewStatus } from '#shared/client/connect.ts'

/** What a view presents, at one moment: the same object until it is read again. */
export type PresentedMoment<Shown> = {
  /** Null before the first reading, and while the view has no such key. */
  readonly shown: Shown | null
  readonly status: ViewStatus
  /** When it was last read, in epoch milliseconds. */
  readonly updatedAt: number | null
}

/** A reading that did not succeed: nothing is there yet, it is not granted, or it may succeed later. */
export type ReadFailure = 'absent' | 'refused' | 'later'

export type PresentedView<Shown> = {
  /** Reads again, now or once the last reading was a second ago. Nobody sees a page that is hidden: then later. */
  readonly readAgain: () => void
  readonly subscribe: (listener: () => void) => () => void
  readonly snapshot: () => PresentedMoment<Shown>
}

type Deps<Shown> = {
  readonly read: (signal: AbortSignal) => Promise<Shown>
  readonly failureOf: (error: unknown) => ReadFailure
  readonly isHidden: () => boolean
  readonly now: () => number
}

const READ_EVERY_MS = 1000
/** When it is read once more after a change: what told of it may be known before the view includes it. */
const CONFIRM_MS = 2000
/** When it is read again if nothing told that it changed, as another user's order does not. */
const REFRESH_MS = 15_000

/** Keeps what a view presents while there are listeners, for those who may not read all of the view's events. */
export function createPresentedView<Shown>({
  read,
  failureOf,
  isHidden,
  now,
}: Deps<Shown>): PresentedView<Shown> {
  const listeners = new Set<() => void>()
  let moment: PresentedMoment<Shown> = { shown: null, status: 'loading', updatedAt: null }
  let timer: ReturnType<typeof setTimeout> | undefined
  let reading: AbortController | null = null
  let begun = Number.NEGATIVE_INFINITY
  let isWanted = false
  let isConfirmed = true

  function set(next: PresentedMoment<Shown>) {
    moment = next
    for (const listener of listeners) listener()
  }
  function readAgain() {
    isConfirmed = false
    look()
  }
  function look() {
    isWanted = true
    if (listeners.size === 0 || reading !== null || moment.status === 'refused' || isHidden()) return
    clearTimeout(timer)
    const wait = begun + READ_EVERY_MS - now()
    if (wait > 0) timer = setTimeout(look, wait)
    else void readNow()
  }
  async function readNow() {
    const own = new AbortController()
    reading = own
    isWanted = false
    begun = now()
    const next = await read(own.signal).then(
      (shown): PresentedMoment<Shown> => ({ shown, status: 'live', updatedAt: now() }),
      (error: unknown) => afterFailure(failureOf(error)),
    )
    if (own.signal.aborted) return
    reading = null
    set(next)
    if (isWanted) return look()
    timer = setTimeout(look, isConfirmed ? REFRESH_MS : CONFIRM_MS)
    isConfirmed = true
  }
  function afterFailure(failure: ReadFailure): PresentedMoment<Shown> {
    if (failure === 'absent') return { shown: null, status: 'live', updatedAt: now() }
    if (failure === 'refused') return { shown: null, status: 'refused', updatedAt: null }
    return { ...moment, status: moment.status === 'loading' ? 'loading' : 'stale' }
  }
  return {
    readAgain,
    snapshot: () => moment,
    subscribe: (listener) => {
      listeners.add(listener)
      readAgain()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearTimeout(timer)
        reading?.abort()
        reading = null
      }
    },
  }
}
