/** What an issuer of tokens publishes of its keys, as it was at one moment. */
export type SigningKeys = {
  /** A JSON Web Key Set (RFC 7517), as text. Its keys are public. */
  readonly jwks: string
  /** When it was read from the issuer, in milliseconds since 1970. */
  readonly copied: number
}

/** Where functions find the keys of an issuer that they cannot reach themselves (docs/adr/0041). */
export type SigningKeyStore = {
  /** Returns the last copy that was saved, with strong consistency; null if there is none. */
  find(issuer: string): Promise<SigningKeys | null>
  /** Saves a copy, unless there is a newer one. */
  save(issuer: string, keys: SigningKeys): Promise<void>
}
