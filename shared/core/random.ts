/**
 * Returns a generator of numbers from 0 up to, not including, 1. The same seed gives the same numbers on every machine.
 * Mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c); a text is hashed with FNV-1a
 * first. For simulations and tests, never for secrets.
 */
export function seededRandom(seed: number | string): () => number {
  let state = typeof seed === 'number' ? seed : hash(seed)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193)
  return state
}
