import { type Clock, clockUntil } from '#shared/pipeline/poll.ts'
import type { EventLog } from '#shared/pipeline/ports.ts'

/**
 * Returns the dependencies of one request, which ends with the signal: nothing is appended once its sender has been told
 * that it took too long. What is under way then may still be written. Such a request may be sent again at once, and
 * what goes on of the first one after a pause of the sandbox must not come after it.
 */
export function stopAppendsAt<Deps extends { readonly kafka: EventLog }>(
  signal: AbortSignal,
  deps: Deps,
): Deps {
  const { kafka } = deps
  const append: EventLog['append'] = async (records) => {
    signal.throwIfAborted()
    return kafka.append(records)
  }
  return { ...deps, kafka: { ...kafka, append } }
}

/** Returns the dependencies of one request, whose pauses end with the signal. */
export function stopPausesAt<Deps extends { readonly clock: Clock }>(signal: AbortSignal, deps: Deps): Deps {
  return { ...deps, clock: clockUntil(signal, deps.clock) }
}
