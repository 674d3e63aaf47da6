import type { Clock } from './clock.ts'

export type Poller = {
  readonly running: () => boolean
  readonly start: () => void
  readonly kick: () => void
  readonly stop: () => void
}

/** Runs rounds while it is started: the first at once, the next `pollMs` after each one's end. */
export function createPoller(
  { clock, pollMs }: { clock: Clock; pollMs: number },
  round: (signal: AbortSignal) => Promise<void>,
): Poller {
  let aborter: AbortController | null = null
  let cancel: (() => void) | null = null

  async function run() {
    const current = aborter
    if (!current) return
    cancel = null
    await round(current.signal)
    if (!current.signal.aborted) cancel = clock.after(pollMs, run)
  }
  return {
    running: () => aborter !== null,
    start: () => {
      if (aborter) return
      aborter = new AbortController()
      void run()
    },
    /** Starts the next round now, unless one is under way. */
    kick: () => {
      if (!cancel) return
      cancel()
      void run()
    },
    stop: () => {
      aborter?.abort()
      aborter = null
      cancel?.()
      cancel = null
    },
  }
}
