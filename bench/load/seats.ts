/** What one client of a channel got: how often each of its events, and whether in order. */
export type Seat = {
  /** Counts an event of the channel, by its number within the channel. Returns whether it is new to this seat. */
  note(
    index: number,
    position: { readonly topic: string; readonly partition: number; readonly offset: number },
  ): boolean
  /** How many of the first `count` events of the channel that `isDue` holds for did not come. */
  missing(count: number, isDue: (index: number) => boolean): number
  readonly repeated: () => number
  readonly outOfOrder: () => number
}

/**
 * Keeps what a client got in a byte for each event, since a soak has millions. A seat outlives its client: who sits
 * down on it continues from the cursor of the one before.
 */
export function createSeat(): Seat {
  let seen = new Uint8Array(1024)
  let repeated = 0
  let outOfOrder = 0
  const heads = new Map<string, number>()

  return {
    note(index, { topic, partition, offset }) {
      if (index >= seen.length) {
        const grown = new Uint8Array(Math.max(index + 1, 2 * seen.length))
        grown.set(seen)
        seen = grown
      }
      const times = seen[index] ?? 0
      seen[index] = Math.min(255, times + 1)
      if (times > 0) {
        repeated++
        return false
      }
      const key = `${topic}/${partition}`
      if (offset < (heads.get(key) ?? -1)) outOfOrder++
      else heads.set(key, offset)
      return true
    },
    missing(count, isDue) {
      let missing = 0
      for (let index = 0; index < count; index++) if ((seen[index] ?? 0) === 0 && isDue(index)) missing++
      return missing
    },
    repeated: () => repeated,
    outOfOrder: () => outOfOrder,
  }
}
