/** What a sender of webhooks publishes at an address, as it was at one moment: a certificate in PEM, or a JSON Web Key Set. */
export type SenderKey = {
  readonly text: string
  /** When it was fetched, in milliseconds since 1970. */
  readonly copied: number
}

/** An address whose content is wanted, and since when, in milliseconds since 1970. */
export type Wanted = { readonly address: string; readonly at: number }

/**
 * Where a function that verifies webhooks finds what their senders publish, which it cannot fetch itself, and where it says
 * what is to be fetched (docs/adr/0050). Addresses are those that the scheme of a source allows.
 */
export type SenderKeyStore = {
  /** Returns the last copy of what is at an address, with strong consistency; null if there is none. */
  find(address: string): Promise<SenderKey | null>
  /** Saves a copy, unless there is a newer one. */
  save(address: string, key: SenderKey): Promise<void>
  /**
   * Asks for what is at an address. Of many addresses that are asked for at once some are not noted, because anybody may
   * name one: returns whether this one is. In the next minute it can be.
   */
  want(wanted: Wanted): Promise<boolean>
  /** Returns what was asked for and not settled, at most `WANTED_AT_ONCE`. */
  wanted(): Promise<readonly Wanted[]>
  /** Forgets that an address was asked for. */
  settle(wanted: Wanted): Promise<void>
}

/** How many addresses are noted at once. */
export const WANTED_AT_ONCE = 32
/** After so many milliseconds an address that was not settled gives way to another one. */
export const WANTED_FOR_MS = 120_000
