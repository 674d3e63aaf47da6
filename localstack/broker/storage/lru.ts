/** Values that can be made again, of which those that were used last are kept. */
export type Lru<V> = {
  /** Returns the value of `key`, made by `make` if it is not kept. It may be disposed of by the next call. */
  get(key: string, make: () => V): V
  delete(key: string): void
}

/** Keeps at most `limit` values. Calls `dispose` with each one that it drops. */
export function createLru<V>(limit: number, dispose: (value: V) => void = () => {}): Lru<V> {
  /** Used longest ago first. */
  const values = new Map<string, { value: V }>()
  const drop = (key: string): void => {
    const found = values.get(key)
    values.delete(key)
    if (found) dispose(found.value)
  }

  return {
    get(key, make) {
      const kept = values.get(key) ?? { value: make() }
      values.delete(key)
      values.set(key, kept)
      const [oldest] = values.keys()
      if (values.size > limit && oldest !== undefined) drop(oldest)
      return kept.value
    },
    delete: drop,
  }
}
