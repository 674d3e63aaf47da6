/** One secret of a key, as it is kept: its SHA-256 in hex, never the secret. Times are milliseconds since 1970. */
export type KeySecret = { readonly hash: string; readonly issued: number; readonly until?: number }

/** An API key. Its id is chosen by whom created it, and is never used again: the history of events names it. */
export type ApiKey = {
  readonly id: string
  readonly role: string
  /** What the role is narrowed to, and what belongs to the key (shared/core/access/grants.ts); empty for all of the role. */
  readonly scopes: readonly string[]
  /** The newest first. */
  readonly secrets: readonly KeySecret[]
  readonly created: number
  /** The name of the principal that created it. */
  readonly createdBy: string
  readonly expires?: number
  readonly revoked?: number
  /** Grows with each change. */
  readonly version: number
}

/** The table of API keys. Every read is strongly consistent. */
export type KeyStore = {
  /** Adds a key. Returns false, and adds nothing, if the id was ever taken. */
  add(key: ApiKey): Promise<boolean>
  /** Replaces a key that has the version before. Returns false if it has another one, or does not exist. */
  replace(key: ApiKey): Promise<boolean>
  /** Removes a key that nobody has a secret of; its id is free then. */
  remove(id: string): Promise<void>
  find(id: string): Promise<ApiKey | null>
  /** Returns the key that has a secret with this SHA-256, in hex. Whether that secret still holds is in the key. */
  findBySecret(hash: string): Promise<ApiKey | null>
  /** Returns every key, sorted by id. */
  list(): Promise<ApiKey[]>
  /** Remembers that a key was used at a time. Only the latest counts. */
  use(id: string, at: number): Promise<void>
  /** Returns when each key was last used, in milliseconds since 1970. */
  uses(): Promise<ReadonlyMap<string, number>>
  /** Gives a source to a key unless another key has it. Returns the id of the one that has it then. */
  claimSource(source: string, id: string): Promise<string>
  /** Takes a source from a key; nothing happens if another one has it. */
  releaseSource(source: string, id: string): Promise<void>
  /** Returns the id of the key that a source belongs to; null if it belongs to nobody. */
  sourceOwner(source: string): Promise<string | null>
}
