/** A map of at most `most` entries: the one that was set longest ago is forgotten first. */
export function boundedMap<T>(most: number) {
  const entries = new Map<string, T>()
  return {
    get: (name: string): T | undefined => entries.get(name),
    set(name: string, value: T): void {
      entries.delete(name)
      entries.set(name, value)
      const [oldest] = entries.keys()
      if (entries.size > most && oldest !== undefined) entries.delete(oldest)
    },
  }
}
