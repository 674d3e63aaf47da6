import type { ReceivedEvent } from '#shared/client/connect.ts'
import { ERASED_TYPE } from '#shared/core/erasure.ts'
import { type Case, isMove, moveOf } from '#shared/domain/port/case.ts'
import { nameEvent } from '#shared/domain/port/event-name.ts'
import { type Assumption, createCaseBook, nameTarget, type ShownCase } from '../case/case-book.ts'
import type { FeedFilters, matcherOf } from './feed-filters.ts'
import { createRow, type FeedRow } from './feed-row.ts'
import { createShownRows } from './shown-rows.ts'

/** The feed at one moment. Rows are read by index, so that only those on screen cost anything. */
export type FeedSnapshot = {
  /** How many rows pass the filters. */
  readonly count: number
  /** Returns the row at an index; the newest is at 0. */
  readonly rowAt: (index: number) => FeedRow | undefined
  readonly caseOf: (row: FeedRow) => ShownCase | null
  /** Events that came live, and events on the page, also those that the filters hide. */
  readonly received: number
  readonly loaded: number
  /** Live rows had to go, and with them the history below, which would no longer follow on those that are left. */
  readonly isCut: boolean
  readonly isHeld: boolean
  /** When the hold began, in milliseconds; null while rows flow. */
  readonly heldAt: number | null
  /** Rows that pass the filters and came since the rows were held. */
  readonly fresh: number
}

/** How many events are kept that were opened by their address and are in no list. */
const KEPT_ADOPTED = 100

type Options = {
  /** The maximum of live rows. They are trimmed once there are a quarter more. */
  readonly capacity: number
  /** The name of the reader, for what is unread. */
  readonly reader: string
  readonly makeMatcher?: typeof matcherOf
}

/** The events of the feed with what people did to them: the live ones, bounded by `capacity`, and the history below. */
export function createFeed({ capacity, ...options }: Options) {
  const index = createRowIndex()
  let book = createCaseBook()
  const rows = createShownRows({ ...options, caseOf: (row) => book.brief(row) })
  let received = 0
  /** Live rows had to go since the history was read. */
  let isTrimmed = false
  /** Rows that are in no list. */
  const adopted = new Set<FeedRow>()

  function addRow(row: FeedRow): void {
    index.add(row)
    book.adopt(row)
  }
  function takeMove(positioned: ReceivedEvent): void {
    const row = index.find(nameTarget(positioned.event))
    book.move(positioned, row)
    if (row) rows.touch(row, moveOf(positioned.event) === 'delete')
  }
  /** Returns the row that an event makes; null for a move or an erasure, and for what the history had already. */
  function takeEvent(positioned: ReceivedEvent): FeedRow | null {
    if (positioned.event.type === ERASED_TYPE) return null
    if (isMove(positioned.event)) {
      takeMove(positioned)
      return null
    }
    const row = createRow(positioned, received + 1)
    if (index.named(row.name)?.key === row.key) return null
    received++
    addRow(row)
    rows.addLive(row)
    return row
  }
  /** Trims by quarters, however many events come at once, so that memory depends only on how many have come. */
  function trim(): void {
    const quarter = Math.ceil(capacity / 4)
    const excess = Math.floor((rows.liveCount() - capacity) / quarter) * quarter
    if (excess <= 0) return
    for (const row of rows.removeOldest(excess)) forget(row)
    isTrimmed = true
    if (!rows.isHeld()) removeHistory()
  }
  function forget(row: FeedRow): void {
    index.remove(row)
    if (!rows.isHeldName(row.name)) book.forget(row.name)
  }
  /** There is a hole above the history now. While rows are held it is not seen: those of the hold are above it. */
  function removeHistory(): void {
    if (isTrimmed) for (const row of rows.removeOlder()) forget(row)
  }
  return {
    /** Takes live events, in their order. Returns the rows that they made. */
    take: (events: readonly ReceivedEvent[]): FeedRow[] => {
      const added = events.flatMap((positioned) => takeEvent(positioned) ?? [])
      trim()
      rows.matchTouched()
      return added
    },
    /** Adds a page of history, newest first, below everything. Events that are there already are skipped. */
    addPage: (page: readonly ReceivedEvent[]): void => {
      if (isTrimmed && !rows.isHeld()) return
      const added: FeedRow[] = []
      for (const positioned of page) {
        if (isMove(positioned.event) || index.named(nameEvent(positioned.event))) continue
        const row = createRow(positioned, -rows.olderCount() - added.length - 1)
        index.add(row)
        added.push(row)
      }
      for (const positioned of page.toReversed()) if (isMove(positioned.event)) takeMove(positioned)
      for (const row of added) {
        book.adopt(row)
        rows.addOlder(row)
      }
      rows.matchTouched()
    },
    /** Takes an event that no list brought, with its case on the server if it has one: from now on its moves count. */
    adopt: (positioned: ReceivedEvent, state?: Case): FeedRow => {
      const known = index.named(nameEvent(positioned.event))
      if (known) return known
      const row = createRow(positioned, 0)
      if (state) book.learn(row, state)
      addRow(row)
      const [oldest] = adopted.add(row)
      if (oldest && adopted.size > KEPT_ADOPTED && adopted.delete(oldest)) forget(oldest)
      return row
    },
    /** Shows a change before it is confirmed. Returns the function that takes it back. */
    assume: (name: string, assumption: Assumption): (() => void) => {
      const takeBack = book.assume(name, assumption)
      const touch = () => {
        const row = index.named(name)
        if (row) rows.touch(row, assumption.isDeleted === true)
      }
      touch()
      return () => {
        takeBack()
        touch()
      }
    },
    setFilters: (filters: FeedFilters, now: number): void => {
      // The rows of a hold are filtered again, without those that had to go.
      if (rows.setFilters(filters, now)) removeHistory()
    },
    isHeld: rows.isHeld,
    /** Holds the rows that are shown where they are. `at` is in milliseconds. */
    hold: (at: number) => rows.hold(at, received),
    release: (): void => {
      // Rows that were trimmed while the reader saw them.
      for (const name of rows.release()) if (!index.named(name)) book.forget(name)
      removeHistory()
    },
    /** Forgets everything, for a subscription that starts again. */
    clear: (): void => {
      index.clear()
      book = createCaseBook()
      rows.clear()
      adopted.clear()
      isTrimmed = false
    },
    find: index.find,
    /** Returns the offset of the last move of an event that came in; -1 if there was none. */
    movedUpTo: (name: string) => book.movedUpTo(name),
    /** How much is kept. */
    sizes: () => ({
      live: rows.liveCount(),
      older: rows.olderCount(),
      known: index.size(),
      cases: book.size(),
    }),
    snapshot: (): FeedSnapshot => ({
      ...rows.snapshot(),
      received,
      loaded: rows.liveCount() + rows.olderCount(),
      isCut: isTrimmed && rows.olderCount() === 0,
      caseOf: book.caseOf,
    }),
  }
}

/** The rows of the feed by name, and by id alone: what an earlier version wrote, and some addresses, have no source. */
function createRowIndex() {
  const byName = new Map<string, FeedRow>()
  const byId = new Map<string, FeedRow>()
  const named = (name: string) => byName.get(name)
  return {
    named,
    /** Returns the row with a name, or the first one with an id. */
    find: (name: string) => byName.get(name) ?? byId.get(name),
    add: (row: FeedRow): void => {
      const { id } = row.positioned.event
      byName.set(row.name, row)
      if (!byId.has(id)) byId.set(id, row)
    },
    remove: ({ name, key, positioned: { event } }: FeedRow): void => {
      if (byName.get(name)?.key === key) byName.delete(name)
      if (byId.get(event.id)?.key === key) byId.delete(event.id)
    },
    clear: (): void => {
      byName.clear()
      byId.clear()
    },
    size: () => byName.size,
  }
}
