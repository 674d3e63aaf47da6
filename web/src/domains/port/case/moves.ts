import { useCallback } from 'react'
import type { Case, CaseStatus } from '#shared/domain/port/case.ts'
import { type CaseMove, judgeMove } from '#shared/domain/port/case-moves.ts'
import { useAccess } from '#web/live/access.tsx'
import { ApiError, useApi } from '#web/live/api.ts'
import { useConnection } from '#web/live/freshness.tsx'

import type { IconName } from '#web/ui/data/icon.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import type { FeedRow } from '../feed/feed-row.ts'
import type { FeedStore } from '../feed/feed-store.ts'
import type { Assumption } from './case-book.ts'

type Step = {
  readonly move: CaseMove
  readonly label: string
  readonly icon: IconName
  /** What was done, for the message afterwards. */
  readonly done: string
  readonly key?: string
}

export const STEPS: readonly Step[] = [
  { move: 'acknowledge', label: 'Acknowledge', icon: 'check', done: 'Acknowledged', key: 'a' },
  { move: 'start', label: 'Start', icon: 'play', done: 'Started', key: 's' },
  { move: 'resolve', label: 'Resolve', icon: 'check', done: 'Resolved', key: 'r' },
  { move: 'close', label: 'Close', icon: 'inbox', done: 'Closed', key: 'c' },
]

const ORDER: readonly CaseStatus[] = ['new', 'acknowledged', 'in-progress', 'resolved']

/** The step that brings a case on; null once it is closed or deleted. */
export function nextStep({ status, isDeleted }: Pick<Case, 'status' | 'isDeleted'>): Step | null {
  return (isDeleted ? null : STEPS[ORDER.indexOf(status)]) ?? null
}

type Role = 'viewer' | 'publisher' | 'operator' | 'admin' | null

/** Why a move would be refused, as far as the page knows: the server judges again. */
export function refuseMove(state: Case, move: CaseMove, role: Role): string | null {
  if (move === 'delete' && role !== 'admin') return 'Only administrators may delete events.'
  if (move !== 'read' && role !== 'operator' && role !== 'admin')
    return `Your role (${role ?? 'none'}) may look, but not ${move} events.`
  const judged = judgeMove(state, move)
  return 'refused' in judged ? judged.refused : null
}

/** What a move makes of a case, as long as nothing else is known. */
export function assumeMove(
  state: Case,
  move: CaseMove,
  by: string,
  body: { readonly assignee?: string | null },
): Assumption {
  if (move === 'read') return { readBy: [...state.readBy, by] }
  if (move === 'delete') return { isDeleted: true }
  if (move === 'assign') return { assignee: body.assignee ?? null }
  const judged = judgeMove(state, move)
  return 'to' in judged ? { status: judged.to, statusBy: by } : {}
}

type Receipt = { readonly offset: number }
type MoveBody = { readonly assignee?: string | null; readonly note?: string }
export type MakeMove = (row: FeedRow, move: CaseMove, body?: MoveBody) => Promise<boolean>

/** How long an accepted move is shown without having come in. */
const PATIENCE_MS = 5000

/**
 * Makes moves of the lifecycle: shown at once, confirmed by the log, and taken back with the reason when the server
 * refuses. Answers whether it worked.
 */
export function useMoves(store: FeedStore): MakeMove {
  const api = useApi()
  const { name, role } = useAccess()
  const { refusal } = useConnection()
  return useCallback(
    async (row, move, body = {}) => {
      const state = store.snapshot().caseOf(row)
      const reason = refusal ?? (state ? refuseMove(state, move, role) : 'This event has no case.')
      if (!state || reason !== null) return tell(move, reason)
      const takeBack = store.assume(row.id, assumeMove(state, move, name, body))
      try {
        const query = new URLSearchParams({ source: row.positioned.event.source })
        const path = `/events/${encodeURIComponent(row.id)}`
        const receipt =
          move === 'delete'
            ? await api.remove<Receipt>(`${path}?${query}`)
            : await api.post<Receipt>(`${path}/${move}?${query}`, body)
        confirm(store, row.id, receipt.offset, takeBack)
        const done = STEPS.find((step) => step.move === move)?.done
        if (done) showToast({ tone: 'good', title: `${done}: ${state.title}` })
        return true
      } catch (error) {
        takeBack()
        return tell(move, error instanceof ApiError ? error.message : String(error))
      }
    },
    [api, store, name, role, refusal],
  )
}

/** What was assumed holds until the log has it: then it is a fact, and the assumption can go. */
function confirm(store: FeedStore, id: string, offset: number, takeBack: () => void): void {
  const settle = () => {
    clearTimeout(timer)
    leave()
    takeBack()
  }
  const timer = setTimeout(settle, PATIENCE_MS)
  const check = () => {
    if (store.movedUpTo(id) >= offset) settle()
  }
  const leave = store.subscribe(check)
  check()
}

/** Reading is no action of anybody: that it could not be noted needs no message. */
function tell(move: CaseMove, reason: string | null): false {
  if (move !== 'read')
    showToast({ tone: 'bad', title: `The event was not changed (${move})`, detail: reason ?? undefined })
  return false
}
