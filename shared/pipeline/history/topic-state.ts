import type { TopicState } from '#shared/pipeline/ports.ts'

/** Whether a partition is stored up to an offset: a reader trusts nothing above the head (docs/architecture.md, I1). */
export function isStored({ heads }: Pick<TopicState, 'heads'>, partition: number, offset: number): boolean {
  return (heads.get(partition)?.offset ?? -1) >= offset
}

/**
 * Returns the name of an epoch of a topic: time in base 36 and two random letters, which are capitals if the epoch
 * follows another. Later epochs sort after earlier ones. `now` is in milliseconds, `random` from 0 to below 1.
 */
export function nameEpoch(now: number, random: number, after = ''): string {
  const time = Math.max(now, after === '' ? 0 : timeOf(after) + 1)
  const tail = Math.floor(random * 676)
  const letters = String.fromCharCode(65 + Math.floor(tail / 26), 65 + (tail % 26))
  return `${time.toString(36).padStart(9, '0')}${after === '' ? letters.toLowerCase() : letters}`
}

/** When a topic was found to be created again, in milliseconds since the Unix epoch; null for its first epoch. */
export function renewalTime(epoch: string): number | null {
  return /[A-Z]$/.test(epoch) ? timeOf(epoch) : null
}

function timeOf(epoch: string): number {
  return Number.parseInt(epoch.slice(0, -2), 36)
}
