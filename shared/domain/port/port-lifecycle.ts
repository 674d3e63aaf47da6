import {
  defineLifecycle,
  type Move,
  type MoveDecision,
  type MoveRequest,
} from '#shared/domain/define-domain.ts'
import { type Case, type CaseMove, judgeMove, MOVE_LIMITS, MOVE_TYPES } from './case.ts'

const DESCRIPTIONS: Readonly<Record<CaseMove, string>> = {
  acknowledge: 'Somebody has seen it: new → acknowledged.',
  assign: 'Gives it to the user named in "assignee"; null takes it from everybody. Not once it is closed.',
  start: 'Somebody works on it: acknowledged → in-progress.',
  resolve: 'It is done: in-progress → resolved.',
  close: 'Nothing is left to do: resolved → closed.',
  read: 'The user has read it, which takes it from what is unread. It leaves no trace in the history.',
  delete: 'Takes it out of lists and counts; it stays in the audit trail.',
}

/** The lifecycle of every event of the port: new → acknowledged → in progress → resolved → closed. */
export const portLifecycle = defineLifecycle<Case | null>({
  view: 'cases',
  channels: ['port.**'],
  moves: {
    acknowledge: defineMove('acknowledge'),
    assign: { ...defineMove('assign'), people: ['assignee'] },
    start: defineMove('start'),
    resolve: defineMove('resolve'),
    close: defineMove('close'),
    read: defineMove('read'),
    delete: defineMove('delete'),
  },
  isOf: (state, { id, source }) => state?.id === id && state.source === source,
  moveProblem: (state, { id }) => state?.history.find(({ event }) => event === id)?.refused ?? null,
  summary: (state) =>
    state && {
      status: state.status,
      ...(state.assignee !== null && { assignee: state.assignee }),
      isDeleted: state.isDeleted,
    },
  filters: ['status', 'assignee'],
})

function defineMove(move: CaseMove): Move<Case | null> {
  return {
    description: DESCRIPTIONS[move],
    decide: (state, request) => decide(state, move, request),
  }
}

/** What a move writes: who, when, from which status, and what the statistics must subtract for a deleted event. */
function decide(state: Case | null, move: CaseMove, { by, at, body }: MoveRequest): MoveDecision {
  const fault = bodyProblem(move, body)
  if (fault !== null) return { refused: fault, invalid: true }
  if (state === null) return { refused: 'This event has no case that could be moved.' }
  const judged = judgeMove(state, move)
  if ('refused' in judged) return judged
  const { status: from, category, severity, time } = state
  const { note, assignee } = body
  return {
    type: MOVE_TYPES[move],
    data: {
      move,
      by,
      at,
      from,
      to: judged.to,
      ...(typeof note === 'string' && note !== '' && { note }),
      ...(move === 'assign' && { assignee }),
      ...(move === 'delete' && { of: { category, severity, time } }),
    },
  }
}

function bodyProblem(move: CaseMove, body: MoveRequest['body']): string | null {
  const allowed = move === 'assign' ? ['assignee', 'note'] : ['note']
  const unknown = Object.keys(body).find((name) => !allowed.includes(name))
  if (unknown !== undefined)
    return `"${unknown}" is not a member of this request; it takes ${allowed.map((name) => `"${name}"`).join(' and ')}.`
  const { note, assignee } = body
  if (note !== undefined && !(typeof note === 'string' && note.length <= MOVE_LIMITS.note))
    return `"note" must be text of at most ${MOVE_LIMITS.note} characters.`
  const isName = typeof assignee === 'string' && assignee !== '' && assignee.length <= MOVE_LIMITS.name
  if (move === 'assign' && assignee !== null && !isName)
    return `"assignee" must name a user in 1 to ${MOVE_LIMITS.name} characters, or be null to assign it to nobody.`
  return null
}
