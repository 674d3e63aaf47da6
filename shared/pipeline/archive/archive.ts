/** An object as it is now. `version` changes whenever the object does. */
export type ArchivedObject = { readonly bytes: Uint8Array; readonly version: string }

/**
 * Where the archive of the log is kept (docs/archive.md): objects by key. A key has letters, digits and `._-/` only.
 * Everything is durable when it returns, and every later call sees it.
 */
export type Archive = {
  /** Stores an object. Returns false, and changes nothing, if there is one with this key. */
  put(key: string, bytes: Uint8Array): Promise<boolean>
  /** Returns an object; null if there is none with this key. */
  get(key: string): Promise<ArchivedObject | null>
  /** Returns the keys that begin with `prefix` and come after `after`, in the order of their bytes: at most 1,000. */
  list(prefix: string, after: string): Promise<readonly string[]>
  /** Replaces an object. Returns false, and changes nothing, if it is not `version` any more. */
  replace(key: string, bytes: Uint8Array, version: string): Promise<boolean>
}
