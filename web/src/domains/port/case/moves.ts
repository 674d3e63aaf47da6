import { useCallback } from 'react'
import type { Role } from '#shared/core/access/role.ts'
import { type Case, type CaseMove, type CaseStatus, judgeMove } from '#shared/domain/port/case.ts'

import { useAccess } from '#web/live/access.tsx'
import { ApiError, useApi } from '#web/live/api.ts'
import { useConnection } from '#web/live/freshness.tsx'
import { isAllowed, rightProblem } from '#web/live/rights.ts'
import type { IconName } from '#web/ui/data/icon.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import type { FeedRow } from '../feed/feed-row.ts'
import type { FeedStore } from '../feed/feed-store.ts'
import type { Assumption } from './case-book.ts'

type Step = {
  readonly move: CaseMove
  readonly label: string
  readonly icon: IconName
  /** What was done, for the message after it. */
  readonly done: string
}

export const STEPS: readonly Step[] = [
  { move: 'acknowledge', label: 'Acknowledge', icon: 'check', done: 'Acknowledged' },
  { move: 'start', label: 'Start', icon: 'play', done: 'Started' },
  { move: 'resolve', label: 'Resolve', icon: 'check', done: 'Resolved' },
  { move: 'close', label: 'Close', icon: 'inbox', done: 'Closed' },
]

const ORDER: readonly CaseStatus[] = ['new', 'acknowledged', 'in-progress', 'resolved']

/** Returns the next step of a case; null once it is closed or deleted. */
export function nextStep({ status, isDeleted }: Pick<Case, 'status' | 'isDeleted'>): Step | null {
  return (isDeleted ? null : STEPS[ORDER.indexOf(status)]) ?? null
}

/** Returns whether a role may make the steps of a case at all. */
export function maySteer(role: Role | null): boolean {
  return isAllowed({ name: '', role }, 'move.port.acknowledge')
}

/** Returns why a move would be refused, as far as the page knows, or null. The server decides. */
export function moveProblem(state: Case, move: CaseMove, role: Role | null): string | null {
  const problem = rightProblem({ name: '', role }, `move.port.${move}`)
  if (problem !== null) return problem
  const judged = judgeMove(state, move)
  return 'refused' in judged ? judged.refused : null
}

/** Returns what a move changes in a case, to be shown until the log confirms it. */
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
export type MoveBody = { readonly assignee?: string | null; readonly note?: string }
export type MakeMove = (row: FeedRow, move: CaseMove, body?: MoveBody) => Promise<boolean>

/** How long an accepted move is shown before it comes back from the log, in milliseconds. */
const PATIENCE_MS = 5000

/**
 * Returns a function that makes a move of the lifecycle, and returns whether it succeeded. The move is shown at once
 * and confirmed by the log. If the server refuses it, it is taken back with the reason.
 */
export function useMoves(store: FeedStore): MakeMove {
  const api = useApi()
  const { name, role } = useAccess()
  const { refusal } = useConnection()
  return useCallback(
    async (row, move, body = {}) => {
      const state = store.snapshot().caseOf(row)
      const reason = refusal ?? (state ? moveProblem(state, move, role) : 'This event has no case.')
      if (!state || reason !== null) return reportFailure(move, reason)
      const takeBack = store.assume(row.name, assumeMove(state, move, name, body))
      try {
        const { id, source } = row.positioned.event
        const query = new URLSearchParams({ source })
        const path = `/events/${encodeURIComponent(id)}`
        const receipt =
          move === 'delete'
            ? await api.remove<Receipt>(`${path}?${query}`)
            : await api.post<Receipt>(`${path}/${move}?${query}`, body)
        confirm(store, row.name, receipt.offset, takeBack)
        const done = STEPS.find((step) => step.move === move)?.done
        if (done) showToast({ tone: 'good', title: `${done}: ${state.title}` })
        return true
      } catch (error) {
        takeBack()
        return reportFailure(move, error instanceof ApiError ? error.message : String(error))
      }
    },
    [api, store, name, role, refusal],
  )
}

/** Takes an assumption back as soon as the move itself has come back from the log. */
function confirm(store: FeedStore, name: string, offset: number, takeBack: () => void): void {
  const settle = () => {
    clearTimeout(timer)
    leave()
    takeBack()
  }
  const timer = setTimeout(settle, PATIENCE_MS)
  const check = () => {
    if (store.movedUpTo(name) >= offset) settle()
  }
  const leave = store.subscribe(check)
  check()
}

/** Reports a move that failed, except `read`, because no user asked for it. */
function reportFailure(move: CaseMove, reason: string | null): false {
  if (move !== 'read')
    showToast({ tone: 'bad', title: `Not confirmed: ${move}`, detail: reason ?? undefined })
  return false
}
