import type { DomainEvent } from '#shared/domain/define-domain.ts'
import type { Case, CaseEntry, CaseStatus } from './case.ts'
import { membersOf, textOf } from './read-event.ts'

/** The event type that each move is written as. */
export const MOVE_TYPES = {
  acknowledge: 'port.lifecycle.acknowledged',
  assign: 'port.lifecycle.assigned',
  start: 'port.lifecycle.started',
  resolve: 'port.lifecycle.resolved',
  close: 'port.lifecycle.closed',
  read: 'port.lifecycle.read',
  delete: 'port.lifecycle.deleted',
} as const
export type CaseMove = keyof typeof MOVE_TYPES

/** Characters of a note that is asked for, and bytes of one that is kept; the rest is counted. */
export const MOVE_LIMITS = {
  name: 128,
  note: 500,
  noteBytes: 1500,
  entries: 30,
  firstEntries: 10,
  readers: 100,
} as const

/** The moves that bring a case on, in its order. */
const STEPS: { readonly [move in CaseMove]?: { from: CaseStatus; to: CaseStatus; only: string } } = {
  acknowledge: { from: 'new', to: 'acknowledged', only: 'only a new event can be acknowledged' },
  start: { from: 'acknowledged', to: 'in-progress', only: 'only an acknowledged event can be started' },
  resolve: { from: 'in-progress', to: 'resolved', only: 'only an event in progress can be resolved' },
  close: { from: 'resolved', to: 'closed', only: 'only a resolved event can be closed' },
}

/** The move that an event is, if it is one. */
export function moveOf({ type }: DomainEvent): CaseMove | undefined {
  return (Object.keys(MOVE_TYPES) as CaseMove[]).find((move) => MOVE_TYPES[move] === type)
}

/** Where a move leads from a status, or why it is refused, in words for the one who asked for it. */
export function judgeMove(
  { status, statusBy, isDeleted }: Pick<Case, 'status' | 'statusBy' | 'isDeleted'>,
  move: CaseMove,
): { readonly to: CaseStatus } | { readonly refused: string } {
  if (isDeleted) return { refused: 'This event was deleted; nothing can be done with it any more.' }
  if (move === 'assign' && status === 'closed')
    return { refused: `${standing(status, statusBy)}; a closed event cannot be assigned.` }
  const step = STEPS[move]
  if (step === undefined) return { to: status }
  return status === step.from ? { to: step.to } : { refused: `${standing(status, statusBy)}; ${step.only}.` }
}

function standing(status: CaseStatus, statusBy: string | null): string {
  if (status === 'new') return 'This event is still new'
  const by = statusBy === null ? '' : ` by ${statusBy}`
  return status === 'in-progress'
    ? `This event is already in progress${by === '' ? '' : `, started${by}`}`
    : `This event is already ${status}${by}`
}

/** Applies a move of the log to a case: of two moves at once the first one counts, and the other is on record as refused. */
export function applyMove(state: Case, event: DomainEvent): Case {
  const move = moveOf(event)
  if (move === undefined) return state
  const data = membersOf(event.data)
  const by = textOf(data.by, MOVE_LIMITS.name) ?? 'somebody'
  if (move === 'read') return readBy(state, by)
  const at = textOf(data.at, 40) ?? textOf(event.time, 40) ?? ''
  const note = textOf(data.note, MOVE_LIMITS.noteBytes)
  const assignee = textOf(data.assignee, MOVE_LIMITS.name)
  const judged = judgeMove(state, move)
  const entry: CaseEntry = {
    event: textOf(event.id, MOVE_LIMITS.name) ?? '',
    at,
    by,
    move,
    from: state.status,
    to: 'to' in judged ? judged.to : state.status,
    ...(note !== null && { note }),
    ...(move === 'assign' && { assignee }),
    ...('refused' in judged && { refused: judged.refused }),
  }
  const recorded = { ...state, ...addEntry(state, entry) }
  if ('refused' in judged) return recorded
  if (move === 'assign') return { ...recorded, assignee }
  if (move === 'delete') return { ...recorded, isDeleted: true }
  return { ...recorded, status: judged.to, statusBy: by, statusAt: at }
}

function readBy(state: Case, user: string): Case {
  if (state.isDeleted || state.readBy.includes(user)) return state
  return state.readBy.length < MOVE_LIMITS.readers ? { ...state, readBy: [...state.readBy, user] } : state
}

function addEntry({ history, historyOmitted }: Case, entry: CaseEntry) {
  const longer = [...history, entry]
  if (longer.length <= MOVE_LIMITS.entries) return { history: longer, historyOmitted }
  return { history: longer.toSpliced(MOVE_LIMITS.firstEntries, 1), historyOmitted: historyOmitted + 1 }
}
