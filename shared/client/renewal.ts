import type { ClientMessage } from '#shared/core/messages.ts'
import { type Clock, within } from './clock.ts'

export type RenewalSettings = {
  readonly clock: Clock
  readonly random: () => number
  /** Returns a token that is valid now; null where the credentials do not expire. */
  readonly token: (() => Promise<string>) | null
  /** How long `token` may take, in milliseconds. */
  readonly answerTimeoutMs: number
}

export type RenewalEvents = {
  readonly send: (message: ClientMessage) => void
  /** There is no newer token yet. It is asked for again. */
  readonly failed: (cause: unknown) => void
}

/** Keeps the credential of an open line valid. */
export type Renewal = {
  /**
   * The line is open, with a credential that ends then, in epoch milliseconds of the server, whose time of day is so many
   * milliseconds ahead of this machine's; null if it does not.
   */
  readonly start: (credential: { readonly expires: number | null; readonly skewMs: number }) => void
  /** The server took a token that ends then. */
  readonly renewed: (expires: number) => void
  readonly stop: () => void
}

/**
 * How long before the end a line is refreshed, and up to how much sooner. Providers of tokens give a new one in the last
 * minute of the old one, not before.
 */
const LEAD_MS = 30_000
const SPREAD_MS = 20_000
/** How soon it is tried again if that failed, or if the token was still the old one. */
const AGAIN_MS = 10_000

/**
 * Sends `refresh` with a new token shortly before the present one ends. If that never succeeds, the server closes the
 * line, and the client connects again: nothing is lost.
 */
export function createRenewal(
  { clock, random, token, answerTimeoutMs }: RenewalSettings,
  { send, failed }: RenewalEvents,
): Renewal {
  let cancel = () => {}
  let isStopped = false
  let skew = 0

  function plan(expires: number | null) {
    cancel()
    if (token === null || expires === null || isStopped) return
    const left = expires - (clock.now() + skew)
    cancel = clock.after(Math.max(AGAIN_MS, left - LEAD_MS - SPREAD_MS * random()), () => void renew())
  }
  async function renew() {
    cancel = clock.after(AGAIN_MS, () => void renew()) // until the server has taken one
    try {
      const asking = (async () => token?.())()
      const next = await within(clock, answerTimeoutMs, asking, {
        what: () => 'the callback for credentials',
      })
      if (next && !isStopped) send({ action: 'refresh', token: next })
    } catch (cause) {
      if (!isStopped) failed(cause)
    }
  }
  return {
    start: ({ expires, skewMs }) => {
      skew = skewMs
      plan(expires)
    },
    renewed: plan,
    stop: () => {
      isStopped = true
      cancel()
    },
  }
}
