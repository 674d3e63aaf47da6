const FIRST_SLOTS = 1024

/**
 * Counts how often each 64-bit fingerprint was seen, in 12 bytes a slot: a Map would need ten times that and ends at
 * 16 million entries, which a file of 1 GB can exceed. Two records that share a fingerprint share a count,
 * which keeps their ids distinct all the same.
 */
export function countOccurrences(): (high: number, low: number) => number {
  let slots = FIRST_SLOTS
  let used = 0
  // Three words per slot: high, low, count. A count of 0 is a free slot.
  let table = new Uint32Array(slots * 3)

  function slotOf(high: number, low: number): number {
    let slot = low & (slots - 1)
    while (table[slot * 3 + 2] !== 0 && (table[slot * 3] !== high || table[slot * 3 + 1] !== low))
      slot = (slot + 1) & (slots - 1)
    return slot * 3
  }

  function grow(): void {
    const old = table
    slots *= 2
    table = new Uint32Array(slots * 3)
    for (let at = 0; at < old.length; at += 3)
      if (old[at + 2] !== 0) table.set(old.subarray(at, at + 3), slotOf(old[at] ?? 0, old[at + 1] ?? 0))
  }

  return (high, low) => {
    if (used * 4 > slots * 3) grow()
    const at = slotOf(high, low)
    const count = (table[at + 2] ?? 0) + 1
    if (count === 1) used++
    table.set([high, low, count], at)
    return count
  }
}
