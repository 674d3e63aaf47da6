/** An address whose content decides whether a request is signed, and the time after which it must have been copied. */
export type Need = { readonly address: string; readonly copiedAfter: number }

/** Why one scheme refuses a request. */
export type Refused = {
  readonly reason: string
  /** The request does not use that scheme at all. */
  readonly isMissing: boolean
  /** A header came several times that comes once. */
  readonly isRepeated?: boolean
  readonly need?: Need
}
