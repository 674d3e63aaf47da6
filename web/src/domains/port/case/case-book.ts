import type { ReceivedEvent } from '#shared/client/connect.ts'
import { type Case, targetOf } from '#shared/domain/port/case.ts'
import { nameEvent } from '#shared/domain/port/event-name.ts'
import { cases } from '#shared/domain/port/port-views.ts'
import { type FeedRow, openCaseOf } from '../feed/feed-row.ts'

/** A case as it is shown, including a change that is not yet confirmed. */
export type ShownCase = Case & { readonly isPending?: true }

/** What is assumed of a case until the log confirms it. */
export type Assumption = Partial<Pick<Case, 'status' | 'statusBy' | 'assignee' | 'isDeleted' | 'readBy'>>

/** How many moves of events that are not on the page are remembered, in case they are read from the history. */
const KEPT_STRAYS = 2000

/** Returns the name of the event that a move is about; its id alone where an earlier version wrote the move. */
export function nameTarget(move: ReceivedEvent['event']): string {
  const { id, source } = targetOf(move)
  return source === undefined ? id : nameEvent({ id, source })
}

/**
 * What people did to the events of a feed, by name. It applies the server's own fold to the moves that come in. Only
 * events that were moved cost anything; the case of any other is created when it is first shown.
 */
export function createCaseBook() {
  const moved = new Map<string, Case>()
  const assumed = new Map<string, { readonly change: Assumption }>()
  const strays = new Map<string, readonly ReceivedEvent[]>()
  let strayCount = 0
  const opened = new WeakMap<FeedRow, ShownCase>()
  const shown = new WeakMap<Case, { readonly change: Assumption; readonly made: ShownCase }>()
  const movedUpTo = new Map<string, number>()

  function settled(row: FeedRow): Case | null {
    const known = moved.get(row.name) ?? opened.get(row)
    if (known) return known
    const made = openCaseOf(row)
    if (made) opened.set(row, made)
    return made
  }
  /** A move is in the partition of its event. One at or below the last offset was already applied. */
  function apply(row: FeedRow, move: ReceivedEvent): void {
    if (move.offset <= (movedUpTo.get(row.name) ?? -1)) return
    const before = settled(row)
    // A case that was read from the server includes its last moves.
    const next = before?.history.some(({ event }) => event === move.event.id)
      ? before
      : cases.apply(before, move, row.name)
    if (!next) return
    moved.set(row.name, next)
    movedUpTo.set(row.name, move.offset)
  }
  /** Returns the case of a row: the same object until something changes. */
  function caseOf(row: FeedRow): ShownCase | null {
    const base = settled(row)
    const assumption = assumed.get(row.name)
    if (!base || !assumption) return base
    const before = shown.get(base)
    if (before?.change === assumption.change) return before.made
    const made: ShownCase = { ...base, ...assumption.change, isPending: true }
    shown.set(base, { change: assumption.change, made })
    return made
  }
  function dropStrays(target: string): readonly ReceivedEvent[] {
    const dropped = strays.get(target) ?? []
    strays.delete(target)
    strayCount -= dropped.length
    return dropped
  }
  return {
    caseOf,
    /** Returns the case of a row that was changed; null if it was not, without creating a case. */
    brief: (row: FeedRow) => (moved.has(row.name) || assumed.has(row.name) ? caseOf(row) : null),
    /** Applies a move to its row. Without a row it is kept until the row comes. */
    move: (positioned: ReceivedEvent, row: FeedRow | undefined) => {
      if (row) return apply(row, positioned)
      const target = nameTarget(positioned.event)
      strays.set(target, [...(strays.get(target) ?? []), positioned])
      strayCount++
      for (const oldest of strays.keys()) {
        if (strayCount <= KEPT_STRAYS) break
        dropStrays(oldest)
      }
    },
    /** Applies the moves that waited for a row, oldest first. */
    adopt: (row: FeedRow) => {
      const waiting = [...dropStrays(row.name), ...dropStrays(row.positioned.event.id)]
      for (const move of waiting.sort((a, b) => a.offset - b.offset)) apply(row, move)
    },
    /** Assumes that a change has happened. Returns the function that takes the assumption back. */
    assume: (name: string, change: Assumption) => {
      const assumption = { change }
      assumed.set(name, assumption)
      return () => {
        if (assumed.get(name) === assumption) assumed.delete(name)
      }
    },
    /** Takes the case that the server returned. */
    learn: (row: FeedRow, state: Case) => {
      moved.set(row.name, state)
    },
    movedUpTo: (name: string) => movedUpTo.get(name) ?? -1,
    forget: (name: string) => {
      moved.delete(name)
      movedUpTo.delete(name)
      assumed.delete(name)
    },
    size: () => moved.size + strayCount,
  }
}
