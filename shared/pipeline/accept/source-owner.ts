/** Returns the name of the principal that a source belongs to; null if it belongs to nobody. */
export type SourceOwner = (source: string) => Promise<string | null>

type Options = {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** For how long an answer counts, in milliseconds. */
  readonly keptMs?: number
  readonly maxSources?: number
}

/**
 * Remembers who owns a source for a few seconds, also that nobody does, so that a producer costs one look-up for many
 * requests. The number of sources is bounded, because producers may invent them.
 */
export function cachedSourceOwner(
  find: SourceOwner,
  { now, keptMs = 3000, maxSources = 10_000 }: Options,
): SourceOwner {
  const known = new Map<string, { readonly owner: Promise<string | null>; readonly until: number }>()
  return (source) => {
    const found = known.get(source)
    if (found && now() < found.until) return found.owner
    const owner = find(source)
    if (known.size >= maxSources) known.clear()
    known.set(source, { owner, until: now() + keptMs })
    owner.catch(() => known.delete(source))
    return owner
  }
}
