import { type ErasedEvent, isErased } from '#shared/core/erasure.ts'
import { plainTime } from '#shared/core/time.ts'
import type { DomainEvent } from '#shared/domain/define-domain.ts'
import { membersOf, textOf } from './read-event.ts'

/** The statuses of a case, in the order of its life. */
export const CASE_STATUSES = ['new', 'acknowledged', 'in-progress', 'resolved', 'closed'] as const
export type CaseStatus = (typeof CASE_STATUSES)[number]

export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const
type Priority = (typeof PRIORITIES)[number]

/** One line of the audit trail: a move that was made, or one that was `refused`, with the reason. */
export type CaseEntry = {
  /** The id of the event that asked for the move. */
  readonly event: string
  readonly at: string
  readonly by: string
  readonly move: string
  readonly from: CaseStatus
  readonly to: CaseStatus
  readonly note?: string
  /** The new assignee of an `assign`; null removes the assignee. */
  readonly assignee?: string | null
  readonly refused?: string
}

/** An event of the port with its lifecycle. */
export type Case = {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly category: string
  readonly severity: string
  readonly title: string
  readonly description: string | null
  readonly subject: string | null
  readonly time: string | null
  readonly location: string | null
  readonly coordinates: { readonly latitude: number; readonly longitude: number } | null
  readonly priority: Priority
  readonly requiresAction: boolean
  readonly metadata: Readonly<Record<string, unknown>>
  /** The data's other members, such as the container, the ship or the berth. */
  readonly details: Readonly<Record<string, unknown>>
  /** Whether something was too long to be kept here; the event itself is complete. */
  readonly isShortened: boolean
  readonly status: CaseStatus
  /** The user of the last change of status, and its time; null while the case is new. */
  readonly statusBy: string | null
  readonly statusAt: string | null
  readonly assignee: string | null
  readonly isDeleted: boolean
  /** Whether the data of the event was erased: then only what the event was and what was done with it is known. */
  readonly isErased?: true
  /** The first hundred users that read it. */
  readonly readBy: readonly string[]
  /** Oldest first. Beyond its limit the entries after the first ten are removed, and counted in `historyOmitted`. */
  readonly history: readonly CaseEntry[]
  readonly historyOmitted: number
}

/** The maximum size of each part of a case, in bytes of JSON, so that a state stays under 100 KB. */
const KEPT = { title: 600, name: 300, description: 4000, json: 8000 } as const

/**
 * Returns the new case of an event. Data of the wrong type or too large is omitted. What nothing computes with is that
 * of `exactData`.
 */
export function openCase(event: DomainEvent, exactData: unknown = event.data): Case {
  const { title, description, priority, location, coordinates, requiresAction } = membersOf(event.data)
  const kept = keptOf(exactData)
  const told = textOf(description, KEPT.description)
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    category: event.category ?? 'port',
    severity: event.severity ?? 'info',
    title: textOf(title, KEPT.title) ?? titleOf(event),
    description: told,
    subject: textOf(event.subject, KEPT.name),
    time: plainTime(event.time),
    location: textOf(location, KEPT.name),
    coordinates: coordinatesOf(coordinates),
    priority: priorityOf(priority) ?? 'normal',
    requiresAction: requiresAction === true,
    metadata: kept.metadata ?? {},
    details: kept.details ?? {},
    ...(isErased(event) && { isErased: true }),
    isShortened: kept.metadata === null || kept.details === null || (told !== null && told !== description),
    status: 'new',
    statusBy: null,
    statusAt: null,
    assignee: null,
    isDeleted: false,
    readBy: [],
    history: [],
    historyOmitted: 0,
  }
}

/**
 * Returns a title made of the type: that of `port.container.customs-hold` about MSKU-9021044 is "Container customs
 * hold: MSKU-9021044".
 */
export function titleOf({ type, subject, data }: DomainEvent): string {
  const { containerId, shipId, berthId } = membersOf(data)
  const about =
    textOf(subject, 60) ?? textOf(containerId, 60) ?? textOf(berthId, 60) ?? textOf(shipId, 60) ?? ''
  const words = String(type)
    .replace(/^port\./, '')
    .replaceAll(/[._-]+/g, ' ')
    .slice(0, 120)
  const sentence = words.charAt(0).toUpperCase() + words.slice(1)
  return about === '' ? sentence : `${sentence}: ${about}`
}

export function priorityOf(value: unknown): Priority | undefined {
  return PRIORITIES.find((one) => one === value)
}

export function coordinatesOf(value: unknown): Case['coordinates'] {
  const { latitude, longitude } = membersOf(value)
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return null
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null
}

/** The members of data that a case has a place for, besides `metadata`. */
const NAMED = new Set(['title', 'description', 'priority', 'location', 'coordinates', 'requiresAction'])

function keptOf(data: unknown): Record<'metadata' | 'details', Readonly<Record<string, unknown>> | null> {
  const { metadata, ...others } = membersOf(data)
  const details = Object.entries(others).filter(([name]) => !NAMED.has(name))
  return { metadata: keepJson(metadata), details: keepJson(Object.fromEntries(details)) }
}

/** Returns an object as it is, or null if it is too large. */
function keepJson(value: unknown): Readonly<Record<string, unknown>> | null {
  const members = membersOf(value)
  return new TextEncoder().encode(JSON.stringify(members)).length <= KEPT.json ? members : null
}

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

/** `name` and `note` in characters, `noteBytes` in bytes of JSON; the others are numbers of entries and users. */
export const MOVE_LIMITS = {
  name: 128,
  note: 500,
  noteBytes: 1500,
  entries: 30,
  firstEntries: 10,
  readers: 100,
} as const

/** The moves that change the status, in their order. */
const STEPS: { readonly [move in CaseMove]?: { from: CaseStatus; to: CaseStatus; only: string } } = {
  acknowledge: { from: 'new', to: 'acknowledged', only: 'only a new event can be acknowledged' },
  start: { from: 'acknowledged', to: 'in-progress', only: 'only an acknowledged event can be started' },
  resolve: { from: 'in-progress', to: 'resolved', only: 'only an event in progress can be resolved' },
  close: { from: 'resolved', to: 'closed', only: 'only a resolved event can be closed' },
}

/**
 * Whether an event is a move of a lifecycle. Moves have the category `<category of the case>.lifecycle` and no case of
 * their own.
 */
export function isMove({ category }: DomainEvent): boolean {
  return typeof category === 'string' && category.endsWith('.lifecycle')
}

/**
 * Returns the event that a move is about. Moves that an earlier version wrote have no source: they are about the event with
 * the id.
 */
export function targetOf({ subject = '', subjectsource }: DomainEvent): {
  readonly id: string
  readonly source?: string
} {
  return { id: subject, ...(typeof subjectsource === 'string' && { source: subjectsource }) }
}

/** Returns the move that an event is; undefined if it is none. */
export function moveOf({ type }: DomainEvent): CaseMove | undefined {
  return (Object.keys(MOVE_TYPES) as CaseMove[]).find((move) => MOVE_TYPES[move] === type)
}

/** Returns the status that a move leads to, or the reason why it is refused, as shown to the user. */
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

/**
 * Applies a move of the log to a case. Of two concurrent moves the first one wins; the other is recorded as refused.
 */
export function applyMove(state: Case, event: DomainEvent): Case {
  const move = moveOf(event)
  if (move === undefined) return state
  const data = membersOf(event.data)
  const by = textOf(data.by, MOVE_LIMITS.name) ?? 'somebody'
  if (move === 'read') return readBy(state, by)
  const at = textOf(data.at, 40) ?? plainTime(event.time) ?? ''
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

/**
 * Returns a case without the data of an erased event: of its own event, with the notes of its moves, or the note of one
 * move. Who moved it, when and to whom stays.
 */
export function forgetInCase(state: Case, { id, source, type }: ErasedEvent): Case {
  if (id !== state.id || source !== state.source) return withoutNotes(state, ({ event }) => event === id)
  const bare = withoutNotes(state, () => true)
  if (state.isErased) return bare
  return {
    ...bare,
    title: titleOf({ id, source, type }),
    description: null,
    subject: null,
    location: null,
    coordinates: null,
    priority: 'normal',
    requiresAction: false,
    metadata: {},
    details: {},
    isShortened: false,
    isErased: true,
  }
}

function withoutNotes(state: Case, isMeant: (entry: CaseEntry) => boolean): Case {
  const isNoted = (entry: CaseEntry) => entry.note !== undefined && isMeant(entry)
  if (!state.history.some(isNoted)) return state
  const bare = ({ note: _, ...entry }: CaseEntry): CaseEntry => entry
  return { ...state, history: state.history.map((entry) => (isNoted(entry) ? bare(entry) : entry)) }
}
