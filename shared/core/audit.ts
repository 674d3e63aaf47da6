import type { Principal } from './access/principal.ts'

/**
 * What is written down about who did what: each is the event type `tidewire.audit.<name>` (docs/audit.md). `refused`
 * ones are sampled, because their sender decides how many there are; so is reading, which a page may repeat.
 */
export const AUDITED = {
  refused: {
    description: 'An action that the policy does not grant to its principal.',
    outcome: 'refused',
    isSampled: true,
  },
  'credentials.refused': {
    description: 'A token, a key or a ticket that is unknown, has expired or was revoked.',
    outcome: 'refused',
    isSampled: true,
  },
  'signature.refused': {
    description: 'A webhook without a valid signature.',
    outcome: 'refused',
    isSampled: true,
  },
  'sign-in.refused': {
    description: 'A sign-in with a wrong password or an unknown name.',
    outcome: 'refused',
    isSampled: true,
  },
  limited: {
    description: 'Requests above the rate of a principal or an address.',
    outcome: 'refused',
    isSampled: true,
  },
  'key.created': { description: 'An API key was created.', outcome: 'done' },
  'key.rotated': { description: 'An API key got a new secret.', outcome: 'done' },
  'key.revoked': { description: 'An API key was revoked.', outcome: 'done' },
  'session.ended': { description: 'Somebody signed out everywhere.', outcome: 'done' },
  'user.revoked': { description: 'The sessions of another user were ended.', outcome: 'done' },
  'connection.closed': { description: 'A connection of somebody was closed.', outcome: 'done' },
  'event.moved': { description: 'A move of an event, such as an acknowledgement.', outcome: 'done' },
  'event.deleted': { description: 'An event was deleted.', outcome: 'done' },
  'event.erased': { description: 'The data of an event was removed for good.', outcome: 'done' },
  'events.exported': { description: 'A page of events was taken out as CSV.', outcome: 'done' },
  'dead-letters.read': {
    description: 'Records that could not be processed were read.',
    outcome: 'done',
    isSampled: true,
  },
  'dead-letters.replayed': { description: 'Dead letters were written to Kafka again.', outcome: 'done' },
  'dead-letters.discarded': { description: 'Dead letters were removed.', outcome: 'done' },
  'streams.read': {
    description: 'The records of a topic were read as they are.',
    outcome: 'done',
    isSampled: true,
  },
  'dead-letters.mended': {
    description: 'The event of a dead letter was mended, to be replayed in its place.',
    outcome: 'done',
  },
  'replays.created': { description: 'A replay was created.', outcome: 'done' },
  'replays.paused': { description: 'A replay was paused.', outcome: 'done' },
  'replays.resumed': { description: 'A replay was resumed.', outcome: 'done' },
  'replays.cancelled': { description: 'A replay was cancelled.', outcome: 'done' },
  'replays.ended': { description: 'A replay is done, or has failed.', outcome: 'done' },
  'views.rebuilt': { description: 'Views were rebuilt from Kafka.', outcome: 'done' },
} as const satisfies Readonly<Record<string, AuditedKind>>

type AuditedKind = {
  readonly description: string
  readonly outcome: 'done' | 'refused'
  /** Of equal ones within some seconds one is written; the next one says how many were not. */
  readonly isSampled?: true
}

export type AuditedAction = keyof typeof AUDITED

/** Every audited action. */
export const AUDITED_ACTIONS = Object.keys(AUDITED) as readonly AuditedAction[]

/** What an audited action is, in the form that every one has. */
export function auditedKind(action: AuditedAction): AuditedKind {
  return AUDITED[action]
}

/** The channels of audit events, and their topic. */
export const AUDIT_CHANNELS = 'tidewire.audit.**'
export const AUDIT_TOPIC = 'tidewire-audit'

/** The type and channel of the events of an audited action. */
export function auditType(action: AuditedAction): string {
  return `tidewire.audit.${action}`
}

/** Where a request came from. */
export type Caller = {
  /** The address of the client, as the gateway saw it. */
  readonly address?: string
  /** The gateway's id of the request, which is in its log too. */
  readonly requestId?: string
  /** The W3C `traceparent` of the request, which the events that it wrote have as well. */
  readonly trace?: string
}

/** Who acted, as an entry says it: of a credential nothing but its name, kind and role. */
export type Actor = Pick<Principal, 'name' | 'kind' | 'role'>

export function actorOf({ name, kind, role }: Principal): Actor {
  return { name, kind, role }
}

/** What was done or refused. Never a secret, a token or the data of an event. */
export type AuditEntry = {
  readonly action: AuditedAction
  /** Who acted; left out if the credentials did not say. */
  readonly principal?: Actor
  readonly caller: Caller
  /** What it was done to or asked of: `GET /keys`, the id of a key, the id of an event. */
  readonly target?: string
  /** Why: the detail of a refusal, or what an administrator gave as the reason. */
  readonly reason?: string
  readonly details?: Readonly<Record<string, string | number | boolean>>
  /**
   * What makes sampled entries of a principal equal, beside the action. It must have few values: never a text that the
   * sender of a request chose.
   */
  readonly group?: string
}
