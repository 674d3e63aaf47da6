export type Timer = { cancel(): void }

/** Calls `run` after `ms` without a cancellation. */
export type StartTimer = (run: () => void, ms: number) => Timer

/** A timer that fires so much too late did not have this process running all the time. */
const STALL_MS = 1_000

/**
 * Returns timers for what expires because nothing was heard of it. If this process stood still (it was stopped, or its
 * machine was too busy), what should have been heard waits in a socket or could not be sent, so the time begins again.
 * What is already in the sockets is read before a timer runs. `elapsed` is a monotonic clock in ms.
 */
export function createTimers(elapsed: () => number): StartTimer {
  return (run, ms) => {
    let timeout: NodeJS.Timeout
    let immediate: NodeJS.Immediate | undefined
    const start = (): void => {
      const due = elapsed() + ms
      timeout = setTimeout(() => {
        if (elapsed() - due > STALL_MS) start()
        // After a pause, node runs the timers first and reads the sockets then.
        else immediate = setImmediate(run)
      }, ms)
    }
    start()
    return {
      cancel() {
        clearTimeout(timeout)
        clearImmediate(immediate)
      },
    }
  }
}
