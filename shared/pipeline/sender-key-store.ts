/** What a sender of webhooks publishes at an address, as it was at one moment: a certificate in PEM, or a JSON Web Key Set. */
export type SenderKey = {
  readonly text: string
  /** When it was fetched, in milliseconds since 1970. */
  readonly copied: number
}

/**
 * Where a function that verifies webhooks finds what their senders publish, which it cannot fetch itself, and where it says
 * what it wants to be fetched (docs/adr/0041). Addresses are those that the scheme of a source allows.
 */
export type SenderKeyStore = {
  /** Returns the last copy of what is at an address, with strong consistency; null if there is none. */
  find(address: string): Promise<SenderKey | null>
  /** Saves a copy, unless there is a newer one. */
  save(address: string, key: SenderKey): Promise<void>
  /**
   * Asks for what is at an address to be copied; `at` is the time, in milliseconds since 1970. Of many addresses that are
   * asked for at once only some are noted, because anybody may name one: returns whether this one is.
   */
  want(address: string, at: number): Promise<boolean>
  /** Returns the addresses that were asked for and not settled, at most `WANTED_AT_ONCE`. */
  wanted(): Promise<readonly string[]>
  /** Forgets that an address was asked for. */
  settle(address: string): Promise<void>
}

/** How many addresses are noted at once. */
export const WANTED_AT_ONCE = 32
