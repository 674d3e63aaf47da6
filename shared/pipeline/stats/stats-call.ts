/** The channel of the statistics, and the type of their events. */
export const STATS_CHANNEL = 'tidewire.stats'

/** Statistics are told at most once in so many milliseconds (docs/adr/0012). */
export const STATS_SLOT_MS = 2000

/** What the `stats` function is called with: when to read what it tells, in milliseconds since the epoch of Unix. */
export type StatsCall = { readonly at: number }
