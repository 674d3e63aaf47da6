import type { ReceivedEvent } from '#shared/client/connect.ts'
import type { Case } from '#shared/domain/port/case.ts'
import { type Assumption, createCaseBook, type ShownCase } from '../case/case-book.ts'
import {
  addPage,
  countFresh,
  createFeed,
  type Feed,
  hold,
  release,
  setFilters,
  takeEvents,
  touch,
} from './feed.ts'
import type { FeedFilters } from './feed-filters.ts'
import { createRow, type FeedRow } from './feed-row.ts'

/** The feed at one moment. Rows are asked for by index: whatever the feed holds, only what is on screen is touched. */
export type FeedSnapshot = {
  readonly version: number
  /** How many rows pass the filters. */
  readonly count: number
  /** The row at an index, the newest at 0. */
  readonly rowAt: (index: number) => FeedRow | undefined
  readonly caseOf: (row: FeedRow) => ShownCase | null
  /** Events that came live, and events on the page, whatever the filters. */
  readonly received: number
  readonly loaded: number
  readonly isHeld: boolean
  /** Since when, in milliseconds; null while they flow. */
  readonly heldAt: number | null
  /** Rows that pass the filters and came since the rows were held. */
  readonly fresh: number
}

type Options = {
  readonly capacity: number
  readonly schedule: (run: () => void) => void
  /** The name of the reader, for what is unread. */
  readonly reader: string
  readonly now: () => number
  /** Called after each flush of something that came, with the rows that it brought: a move brings none. */
  readonly onFlush?: (rows: readonly FeedRow[]) => void
}

/** The feed outside React, made for `useSyncExternalStore`: any number of events costs one flush per frame. */
export function createFeedStore({ capacity, schedule, reader, now, onFlush = () => {} }: Options) {
  const feed = createFeed(capacity, reader)
  const listeners = new Set<() => void>()
  let inbox: ReceivedEvent[] = []
  let isScheduled = false
  let current = snapshotOf(feed, 0)

  function flush(): void {
    isScheduled = false
    const arrived = inbox
    inbox = []
    const added = takeEvents(feed, arrived)
    tell()
    if (arrived.length > 0) onFlush(added)
  }
  function tell(): void {
    current = snapshotOf(feed, current.version + 1)
    for (const listener of [...listeners]) listener()
  }
  function later(): void {
    if (isScheduled) return
    isScheduled = true
    schedule(flush)
  }
  /** Does something to the feed as it is with all that has come, and shows it at once. */
  function atOnce(change: () => void): void {
    if (inbox.length > 0) flush()
    change()
    tell()
  }
  return {
    push: (positioned: ReceivedEvent) => {
      inbox.push(positioned)
      later()
    },
    addOlder: (page: readonly ReceivedEvent[]) => atOnce(() => addPage(feed, page)),
    setFilters: (filters: FeedFilters) => atOnce(() => setFilters(feed, filters, now())),
    /** Holds what is on screen; what is on its way there counts as new already, so that no row moves. */
    hold: () => {
      if (feed.held) return
      hold(feed, now())
      tell()
    },
    release: () => {
      if (feed.held) atOnce(() => release(feed))
    },
    /** Shows a change before it is confirmed. Returns the function that takes it back. */
    assume: (id: string, assumption: Assumption) => {
      const takeBack = feed.book.assume(id, assumption)
      const look = () => {
        const row = feed.byId.get(id)
        if (row) touch(feed, row, assumption.isDeleted === true)
      }
      look()
      flush() // whoever acts sees it now, however busy the feed is
      return () => {
        takeBack()
        look()
        later()
      }
    },
    /** Forgets everything, for a subscription that begins anew. */
    clear: () => {
      inbox = []
      feed.byId.clear()
      feed.touched.clear()
      Object.assign(feed, {
        live: [],
        liveShown: [],
        older: [],
        olderShown: [],
        held: null,
        book: createCaseBook(),
      })
      tell()
    },
    /** Takes an event that no list brought, with its case as the server has it: moves of it count from now on. */
    adopt: (positioned: ReceivedEvent, state: Case) => {
      const row = feed.byId.get(positioned.event.id) ?? createRow(positioned, 0)
      if (!feed.byId.has(row.id)) {
        feed.byId.set(row.id, row)
        feed.book.learn(row, state)
        feed.book.adopt(row)
      }
      tell()
      return row
    },
    find: (id: string) => feed.byId.get(id),
    /** The offset of the last move of an event that came in; -1 if none has. */
    movedUpTo: (id: string) => feed.book.movedUpTo(id),
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    snapshot: () => current,
  }
}

export type FeedStore = ReturnType<typeof createFeedStore>

function snapshotOf(feed: Feed, version: number): FeedSnapshot {
  const { live, liveShown, older, olderShown, held, received, book } = feed
  // A snapshot outlives the next push: its rows are those that there are now.
  const newest = held ? held.rows : liveShown
  const size = newest.length
  return {
    ...{ version, received, loaded: live.length + older.length },
    ...{ isHeld: held !== null, heldAt: held?.at ?? null, fresh: countFresh(feed) },
    count: size + olderShown.length,
    rowAt: (index) => (index < size ? newest[size - 1 - index] : olderShown[index - size]),
    caseOf: book.caseOf,
  }
}
