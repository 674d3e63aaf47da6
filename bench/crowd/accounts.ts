/** Where a frame says that an event is in Kafka. */
export type Position = { readonly topic: string; readonly partition: number; readonly offset: number }

/** What one event is to the accounts: the group that it is due to, and its number within the group. */
export type Entry = { readonly group: string; readonly index: number }

export type Counts = {
  readonly accepted: number
  readonly delivered: number
  /** Accepted events that a viewer of their group did not get, and of these the ones it was told of as trimmed. */
  readonly lost: number
  readonly excused: number
  /** Deliveries of events that others have posted. */
  readonly ofOthers: number
  readonly repeated: number
  readonly outOfOrder: number
  readonly trimmed: number
  /** Gaps for another reason than that the cursor was older than the log. */
  readonly otherGaps: number
}

export type Accounts = {
  /** Notes that an event is about to be posted, at `now`. */
  begin(group: string, now: number): Entry
  accepted(entry: Entry, now: number): void
  /**
   * Notes what a viewer got; `entry` is null for an event that nobody here has posted. Returns the milliseconds since it
   * was first posted; null if it has none or is a repeat.
   */
  arrived(viewer: number, entry: Entry | null, position: Position, now: number): number | null
  /** A viewer was told that events are lost to it. */
  gap(viewer: number, reason: string, now: number): void
  /** Whether each viewer got an event that was first posted at `time` or later, as the time at which the first came. */
  freshAt(viewer: number): number | null
  /** From now on `freshAt` asks for events that are first posted after `time`. */
  mark(time: number): void
  counts(): Counts
}

/**
 * An event is promised for its retention after it was appended, which is before its acceptance, by more than usual if
 * the response to the first post was lost.
 */
const SLACK_MS = 15_000

type Book = { readonly began: number[]; readonly acceptedAt: number[] }

/**
 * Compares what was accepted with what each viewer got. A viewer belongs to a group and is due each of its events once,
 * in order within a partition; only a viewer that was told `trimmed` may lack events, and only those whose retention was
 * over then. Times are milliseconds of one clock.
 */
export function createAccounts(groupOf: readonly string[], retentionMs: number): Accounts {
  const books = new Map<string, Book>()
  const viewers = groupOf.map((group) => ({ group, ...emptyPage() }))
  let marked = Number.POSITIVE_INFINITY
  let ofOthers = 0
  let repeated = 0
  let outOfOrder = 0
  let delivered = 0
  let trimmed = 0
  let otherGaps = 0

  function bookOf(group: string): Book {
    const known = books.get(group) ?? { began: [], acceptedAt: [] }
    books.set(group, known)
    return known
  }

  return {
    begin(group, now) {
      const { began, acceptedAt } = bookOf(group)
      began.push(now)
      acceptedAt.push(Number.NaN)
      return { group, index: began.length - 1 }
    },
    accepted({ group, index }, now) {
      bookOf(group).acceptedAt[index] = now
    },
    arrived(viewer, entry, { topic, partition, offset }, now) {
      const page = viewers[viewer]
      if (page === undefined) return null
      const stream = `${topic}/${partition}`
      const isInOrder = offset > (page.heads.get(stream) ?? -1)
      if (isInOrder) page.heads.set(stream, offset)
      if (entry === null || entry.group !== page.group) {
        if (isInOrder) ofOthers++
        else repeated++
        return null
      }
      if (page.seen.add(entry.index)) {
        repeated++
        return null
      }
      if (!isInOrder) outOfOrder++
      delivered++
      const began = bookOf(entry.group).began[entry.index] ?? now
      if (began >= marked) page.fresh.at ??= now
      return now - began
    },
    gap(viewer, reason, now) {
      const page = viewers[viewer]
      if (page === undefined) return
      if (reason !== 'trimmed') {
        otherGaps++
        return
      }
      trimmed++
      page.fresh.excusedBefore = Math.max(page.fresh.excusedBefore, now - retentionMs + SLACK_MS)
    },
    freshAt: (viewer) => viewers[viewer]?.fresh.at ?? null,
    mark(time) {
      marked = time
      for (const { fresh } of viewers) fresh.at = null
    },
    counts() {
      let lost = 0
      let excused = 0
      for (const { group, seen, fresh } of viewers)
        for (const [index, at] of bookOf(group).acceptedAt.entries()) {
          if (Number.isNaN(at) || seen.has(index)) continue
          if (at < fresh.excusedBefore) excused++
          else lost++
        }
      const accepted = [...books.values()].reduce(
        (sum, { acceptedAt }) => sum + acceptedAt.filter((at) => !Number.isNaN(at)).length,
        0,
      )
      return { accepted, delivered, ofOthers, lost, excused, repeated, outOfOrder, trimmed, otherGaps }
    },
  }
}

function emptyPage() {
  return {
    seen: createFlags(),
    heads: new Map<string, number>(),
    fresh: { at: null as number | null, excusedBefore: Number.NEGATIVE_INFINITY },
  }
}

/** A byte for each number, since an hour has hundreds of thousands of events for each viewer. */
function createFlags() {
  let flags = new Uint8Array(1024)
  return {
    has: (index: number) => flags[index] === 1,
    /** Returns whether it was there already. */
    add(index: number): boolean {
      if (index >= flags.length) {
        const grown = new Uint8Array(Math.max(index + 1, 2 * flags.length))
        grown.set(flags)
        flags = grown
      }
      const was = flags[index] === 1
      flags[index] = 1
      return was
    },
  }
}

/** Returns what must not be, as lines; none if every viewer got what it was due once and in order. */
export function faultsOfCounts(where: string, { lost, repeated, outOfOrder, otherGaps }: Counts): string[] {
  const counts = { lost, repeated, 'out of order': outOfOrder, 'gaps that are not of age': otherGaps }
  return Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${where}: ${count} ${name}`] : []))
}
