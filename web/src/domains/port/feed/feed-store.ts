import type { ReceivedEvent } from '#shared/client/connect.ts'
import type { Case } from '#shared/domain/port/case.ts'
import type { Assumption } from '../case/case-book.ts'
import { createFeed } from './feed.ts'
import type { FeedFilters } from './feed-filters.ts'
import type { FeedRow } from './feed-row.ts'

type Options = {
  /** The maximum of live rows. */
  readonly capacity: number
  /** Runs a function at the next frame. */
  readonly schedule: (run: () => void) => void
  /** The name of the reader, for what is unread. */
  readonly reader: string
  readonly now: () => number
  /** Called after each flush of something that came, with the rows that it made. A move makes none. */
  readonly onFlush?: (rows: readonly FeedRow[]) => void
}

export type FeedStore = ReturnType<typeof createFeedStore>

/** The feed outside React, made for `useSyncExternalStore`. Any number of events costs one flush per frame. */
export function createFeedStore({ capacity, schedule, reader, now, onFlush = () => {} }: Options) {
  const feed = createFeed({ capacity, reader })
  const listeners = new Set<() => void>()
  let inbox: ReceivedEvent[] = []
  let isScheduled = false
  let current = feed.snapshot()

  function flush(): void {
    isScheduled = false
    const arrived = inbox
    inbox = []
    const added = feed.take(arrived)
    notify()
    if (arrived.length > 0) onFlush(added)
  }
  function notify(): void {
    current = feed.snapshot()
    for (const listener of [...listeners]) listener()
  }
  function flushLater(): void {
    if (isScheduled) return
    isScheduled = true
    schedule(flush)
  }
  /** Changes the feed after everything that has come was added, and shows it at once. */
  function changeNow(change: () => void): void {
    if (inbox.length > 0) flush()
    change()
    notify()
  }
  return {
    push: (positioned: ReceivedEvent) => {
      inbox.push(positioned)
      flushLater()
    },
    /** Adds a page of history, newest first, below everything. */
    addOlder: (page: readonly ReceivedEvent[]) => changeNow(() => feed.addPage(page)),
    setFilters: (filters: FeedFilters) => changeNow(() => feed.setFilters(filters, now())),
    /** Holds what is on screen. What is not yet on screen counts as new, so that no row moves. */
    hold: () => {
      if (feed.isHeld()) return
      feed.hold(now())
      notify()
    },
    /** Lets the rows flow again. */
    release: () => {
      if (feed.isHeld()) changeNow(feed.release)
    },
    /** Shows a change before it is confirmed. Returns the function that takes it back. */
    assume: (name: string, assumption: Assumption) => {
      const takeBack = feed.assume(name, assumption)
      flush() // a user sees their own action now, however busy the feed is
      return () => {
        takeBack()
        flushLater()
      }
    },
    /** Forgets everything, for a subscription that starts again. */
    clear: () => {
      inbox = []
      feed.clear()
      notify()
    },
    /** Adds an event that no list brought, with its case on the server if it has one. From now on its moves count. */
    adopt: (positioned: ReceivedEvent, state?: Case) => {
      const row = feed.adopt(positioned, state)
      notify()
      return row
    },
    find: feed.find,
    movedUpTo: feed.movedUpTo,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    snapshot: () => current,
  }
}
