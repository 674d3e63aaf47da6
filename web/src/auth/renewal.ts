/** A token that was renewed this recently is not renewed again: it cannot be its age that the server refuses. */
const FRESH_MS = 60_000

export type RenewalDeps = {
  /** Asks the identity provider for a token, or for another one than it has. Settles within a limit. */
  readonly ask: (renew?: 'renew') => Promise<string | null>
  /** Milliseconds that have passed since some moment. */
  readonly elapsed: () => number
  /** Called when the server has refused the tokens of two renewals in a row. */
  readonly refusedTwice: () => void
}

export type Renewal = {
  /** Returns a token of the provider, renewed if it has expired; null if there is none. */
  readonly token: () => Promise<string | null>
  /** Returns another token than one that the server has refused; null if there is none. */
  readonly renew: (refused: string) => Promise<string | null>
}

export const REFUSED =
  'The server does not accept your session. Sign in again, or reload the page in a few minutes.'

/**
 * Renews tokens that the server refuses: once for all who ask together, and not again within a minute. A server may refuse
 * good tokens for a while, so a renewed one that is refused is an error at first.
 */
export function createRenewal({ ask, elapsed, refusedTwice }: RenewalDeps): Renewal {
  let asking: Promise<string | null> | null = null
  let last: { readonly token: string; readonly at: number; isRefused: boolean } | null = null
  /** Whether the token of the renewal before the last was refused while it was fresh. */
  let wasRefused = false

  function token(renew?: 'renew'): Promise<string | null> {
    asking ??= ask(renew).finally(() => {
      asking = null
    })
    return asking
  }
  async function renew(refused: string): Promise<string | null> {
    if (last?.token === refused && elapsed() - last.at < FRESH_MS) {
      last.isRefused = true
      if (wasRefused) refusedTwice()
      throw new Error(REFUSED)
    }
    const isFirst = asking === null
    const found = await token('renew')
    // It may be the answer to an earlier question, of somebody who did not know that this one is refused.
    if (found === refused && !isFirst) return renew(refused)
    if (found !== null && last?.token !== found) {
      wasRefused = last?.isRefused ?? false
      last = { token: found, at: elapsed(), isRefused: false }
    }
    return found
  }
  return { token: () => token(), renew }
}
