import { seededRandom } from '#shared/core/random.ts'

/** The random choices of a simulation, the same for the same seed. */
export type Random = {
  /** From 0 to below 1. */
  readonly next: () => number
  /** A whole number from 0 to below `below`. */
  readonly pick: (below: number) => number
  readonly oneOf: <const T extends readonly [unknown, ...unknown[]]>(values: T) => T[number]
  /** A number from `from` to below `to`. */
  readonly between: (from: number, to: number) => number
  /** True with this probability. */
  readonly chance: (probability: number) => boolean
}

/** Returns the random choices of a seed. */
export function createRandom(seed: number): Random {
  const next = seededRandom(seed)
  const pick = (below: number) => Math.floor(next() * below)
  return {
    next,
    pick,
    oneOf: (values) => values[pick(values.length)] ?? values[0],
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
  }
}
