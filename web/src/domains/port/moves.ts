import type { Case, CaseStatus } from '#shared/domain/port/case.ts'
import { type CaseMove, judgeMove } from '#shared/domain/port/case-moves.ts'
import type { IconName } from '#web/ui/data/icon.tsx'
import type { Assumption } from './case-book.ts'

export type Step = {
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

export const STATUS_LABELS: Readonly<Record<CaseStatus, string>> = {
  new: 'New',
  acknowledged: 'Acknowledged',
  'in-progress': 'In progress',
  resolved: 'Resolved',
  closed: 'Closed',
}

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
