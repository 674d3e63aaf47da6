/** Wakes those who wait for records of a partition. */
export type AppendSignal = {
  /** Returns how to stop listening. */
  listen(listener: (bytes: number) => void): () => void
  emit(bytes: number): void
}

export function createAppendSignal(): AppendSignal {
  const listeners = new Set<(bytes: number) => void>()
  return {
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    emit(bytes) {
      // A copy, because a listener that has enough removes itself.
      for (const listener of [...listeners]) listener(bytes)
    },
  }
}
