import type { DomainEvent } from '#shared/domain/define-domain.ts'
import { membersOf, textOf } from './read-event.ts'

/** The statuses of a case, in the order of its life. */
export const CASE_STATUSES = ['new', 'acknowledged', 'in-progress', 'resolved', 'closed'] as const
export type CaseStatus = (typeof CASE_STATUSES)[number]

export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]

/** One line of the audit trail: a move that was made, or one that came too late and was `refused`, with the reason. */
export type CaseEntry = {
  /** The id of the event that asked for the move. */
  readonly event: string
  readonly at: string
  readonly by: string
  readonly move: string
  readonly from: CaseStatus
  readonly to: CaseStatus
  readonly note?: string
  /** Of `assign`: to whom; null to nobody. */
  readonly assignee?: string | null
  readonly refused?: string
}

/** An event of the port and what people have done about it. */
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
  /** Something was too long to be kept here; the event itself has all of it. */
  readonly isShortened: boolean
  readonly status: CaseStatus
  /** Who brought it to its status, and when; null while it is new. */
  readonly statusBy: string | null
  readonly statusAt: string | null
  readonly assignee: string | null
  readonly isDeleted: boolean
  /** Users who have read it, the first hundred. */
  readonly readBy: readonly string[]
  /** Oldest first. Past its limit the entries after the first ten make room, and are counted in `historyOmitted`. */
  readonly history: readonly CaseEntry[]
  readonly historyOmitted: number
}

/** What a case keeps at most, in bytes of JSON, so that a state stays under 100 KB. */
const KEPT = { title: 600, name: 300, description: 4000, json: 8000 } as const

/** Opens a case for an event. Data that does not fit is left out. */
export function openCase(event: DomainEvent): Case {
  const { title, description, priority, location, coordinates, metadata, requiresAction, ...details } =
    membersOf(event.data)
  const kept = { metadata: keepJson(metadata), details: keepJson(details) }
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
    time: textOf(event.time, 40),
    location: textOf(location, KEPT.name),
    coordinates: coordinatesOf(coordinates),
    priority: priorityOf(priority) ?? 'normal',
    requiresAction: requiresAction === true,
    metadata: kept.metadata ?? {},
    details: kept.details ?? {},
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

/** `port.container.customs-hold` about MSKU-9021044 is "Container customs hold: MSKU-9021044". */
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

/** An object as it is, null if it is too large. */
function keepJson(value: unknown): Readonly<Record<string, unknown>> | null {
  const members = membersOf(value)
  return new TextEncoder().encode(JSON.stringify(members)).length <= KEPT.json ? members : null
}
