import { patientTimeout } from '../../patient-timeout.ts'

export type Timer = { cancel(): void }

/** Calls `run` after `ms` without a cancellation. */
export type StartTimer = (run: () => void, ms: number) => Timer

/**
 * Returns timers for what expires because nothing was heard of it. If this process stood still (it was stopped, or its
 * machine was too busy), what should have been heard waits in a socket or could not be sent, so the time begins again.
 * What is already in the sockets is read before a timer runs. `elapsed` is a monotonic clock in ms.
 */
export function createTimers(elapsed: () => number): StartTimer {
  return (run, ms) => {
    let immediate: NodeJS.Immediate | undefined
    // After a pause, node runs the timers first and reads the sockets then.
    const expire = (): void => {
      immediate = setImmediate(run)
    }
    const cancel = patientTimeout(expire, ms, elapsed)
    return {
      cancel() {
        cancel()
        clearImmediate(immediate)
      },
    }
  }
}
