import type { Head } from '#shared/pipeline/ports.ts'
import { type Bounds, type Looks, searchFirst } from './search-first.ts'

/** A stored event as a look at it shows: `until` is when its retention ends, in milliseconds since 1970. */
export type Seen = { readonly offset: number; readonly timestamp: number; readonly until: number }

/** How the events of the stream are looked at; also the last one of a range. */
export type SeenLooks = Looks<Seen> & { readonly last: (range: Bounds) => Promise<Seen | undefined> }

type Mark = Pick<Seen, 'offset' | 'until'>

export type LiveEdge = ReturnType<typeof liveEdge>

/**
 * Where the events of one stream begin that have not expired (docs/adr/0025). Events expire in the order of their
 * offsets, so what has been seen of a few of them says it for all until the next one expires: a warm reader needs no
 * look. Differences between the clocks of those who stored the events are at most the grace for which they are kept
 * longer. `now` returns milliseconds; if it goes back, marks that lie in the future again are not used.
 */
export function liveEdge(looks: SeenLooks, now: () => number) {
  /** The last event that is known to have expired: so have those below it. */
  let expired: Mark | undefined
  /** The first event that has not: nothing is stored between `expired` and it. */
  let edge: Mark | undefined
  /** Another that has not, and so have none of those above it. */
  let live: Mark | undefined

  const isLive = (mark: Mark | undefined): mark is Mark => mark !== undefined && mark.until > now()
  const hasExpired = (mark: Mark | undefined): mark is Mark => mark !== undefined && mark.until <= now()
  const noteExpired = (mark: Mark) => {
    if (!hasExpired(expired) || expired.offset < mark.offset) expired = mark
  }
  const noteLive = (mark: Mark) => {
    if (!isLive(live) || mark.offset < live.offset) live = mark
  }
  /** The lowest offset that may not have expired. */
  const bottom = () => {
    for (const mark of [edge, live]) if (hasExpired(mark)) noteExpired(mark)
    return hasExpired(expired) ? expired.offset + 1 : 0
  }

  /** Searches a range. Returns the offset of the first event that has not expired, or the one after the range. */
  async function search({ from, to }: Bounds): Promise<number> {
    const { found, before } = await searchFirst({ from: Math.max(from, bottom()), to }, looks, isLive)
    if (before) noteExpired(before)
    if (found === undefined) return to + 1
    edge = found
    noteLive(found)
    return found.offset
  }

  return {
    bottom,
    search,

    /** Notes that one event has expired, and the next one that is stored, if there is one, has not. */
    note(below: Mark, above: Mark | undefined): void {
      noteExpired(below)
      if (isLive(above)) edge = above
    },

    /** See `firstLive` of EventStore. */
    async firstLive(head: Head, after: number): Promise<number> {
      const next = after + 1
      if (head.first > head.offset || next > head.offset) return next
      // Clocks differ: a mark that was made later, or is valid again, may contradict one below it. Reads begin above `bottom`.
      if (isLive(live) && live.offset >= bottom() && live.offset <= next) return next
      const known = await knownEdge(head, next)
      const first = known ?? (await search({ from: head.first, to: head.offset }))
      return first <= Math.max(next, head.first) ? next : first
    },

    /** See `firstSince` of EventStore. */
    async firstSince(head: Head, time: number): Promise<number> {
      const from = Math.max(head.first, bottom())
      const isWanted = (seen: Seen) => seen.timestamp >= time && isLive(seen)
      const { found, before } = await searchFirst({ from, to: head.offset }, looks, isWanted)
      if (hasExpired(before)) noteExpired(before)
      if (found) noteLive(found)
      return found?.offset ?? head.offset + 1
    },
  }

  /** The edge if it is known, or after one look at the event where the caller wants to begin. */
  async function knownEdge(head: Head, next: number): Promise<number | null> {
    const low = Math.max(head.first, bottom())
    if (low > head.offset) return low
    const isExact = expired === undefined || hasExpired(expired)
    if (isLive(edge) && edge.offset >= low && isExact) return edge.offset
    if (next <= low) return null
    const last = await looks.last({ from: low, to: next })
    if (last === undefined) return null
    if (isLive(last)) {
      noteLive(last)
      return next
    }
    noteExpired(last)
    return null
  }
}
