import { MESSAGE_LIMITS } from '#shared/core/limits.ts'
import { boundedMap } from './bounded-map.ts'
import type { Limits, Permit } from './limits.ts'
import { tokenBuckets } from './token-buckets.ts'

/** How many connections an instance remembers. A forgotten one is looked up in the table again. */
const REMEMBERED = 10_000
/** The messages of a connection that are refused per second, above which the connection is closed. */
const REFUSED_PER_SECOND = MESSAGE_LIMITS.closing / 10

/**
 * Limits the messages of a principal over all of its sockets (docs/limits.md). An instance remembers who opened the
 * connections it heard, so what is above the rate costs no request to the tables.
 */
export type MessageRates = {
  /** Takes a message of a connection. Null if its principal is not limited, or not known here. */
  take(connection: string): Permit | null
  /** Takes the first message of a connection that was heard here, and remembers its principal. */
  meet(connection: string, principal: string): Permit | null
  /** Counts a message that was refused. Returns whether there were so many that the connection is to be closed. */
  isFlood(connection: string): boolean
}

/** Creates the rates of one instance of a function. `elapsed` returns milliseconds. */
export function messageRates(limits: Pick<Limits, 'take'>, elapsed: () => number): MessageRates {
  const principals = boundedMap<string>(REMEMBERED)
  const refused = tokenBuckets(elapsed)
  return {
    take(connection) {
      const principal = principals.get(connection)
      return principal === undefined ? null : limits.take('messages', principal)
    },
    meet(connection, principal) {
      if (principals.get(connection) === principal) return null
      principals.set(connection, principal)
      return limits.take('messages', principal)
    },
    isFlood: (connection) => !refused.take(connection, REFUSED_PER_SECOND).isAllowed,
  }
}
