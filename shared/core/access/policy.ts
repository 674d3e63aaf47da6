import type { Role } from './role.ts'

/**
 * Who may do what. This file is the whole policy; `authorize.ts` applies it, at every way in and before every push.
 *
 * A principal may do an action if its role is at least the one named here, and, if its credential has grants
 * (grants.ts), one of them names the action. For what concerns an event, the line of its channel must allow it too.
 */
export const ACTIONS = {
  /** Events: lists, since, a single one, views, subscriptions. Which ones: CHANNELS. */
  read: 'viewer',
  /** Write events. Which ones: CHANNELS. */
  publish: 'viewer',
  /** Take events out as a CSV file. */
  export: 'viewer',
  'stats.read': 'viewer',
  'catalog.read': 'viewer',
  /** A ticket opens a socket. */
  'tickets.create': 'viewer',
  /** Look at one's own account, and sign out of it everywhere. */
  'users.me': 'viewer',
  'session.end': 'viewer',
  /** See who there is, to assign something to. */
  'users.read': 'operator',
  /** End the sessions of somebody else. */
  'users.revoke': 'admin',

  'move.port.read': 'viewer',
  'move.port.acknowledge': 'operator',
  'move.port.assign': 'operator',
  'move.port.start': 'operator',
  'move.port.resolve': 'operator',
  'move.port.close': 'operator',
  'move.port.delete': 'admin',

  /** Remove the data of an event for good. */
  'events.erase': 'admin',
  /** Records that could not be processed, with their bytes, which may be of anybody. */
  'dead-letters.read': 'admin',
  'dead-letters.replay': 'admin',
  'dead-letters.discard': 'admin',
  /** Topics, offsets, consumer groups with their lag, and brokers: no bytes of anybody. */
  'streams.list': 'operator',
  /** The records of topics as they are. */
  'streams.read': 'admin',
  'replays.read': 'admin',
  /** Create replays of events and views; pause, resume and cancel any. */
  'replays.run': 'admin',
  'connections.read': 'admin',
  'connections.close': 'admin',
  /** How long events take, as the functions and pages measure it. */
  'telemetry.read': 'operator',
  /** A page reports when it had events on the screen. */
  'telemetry.report': 'viewer',
  'keys.read': 'admin',
  'keys.create': 'admin',
  'keys.rotate': 'admin',
  'keys.revoke': 'admin',
  'audit.read': 'admin',
} as const satisfies Readonly<Record<string, Role>>

export type Action = keyof typeof ACTIONS
export const ALL_ACTIONS = Object.keys(ACTIONS) as readonly Action[]

/**
 * What grants never take away: to look at one's own account, to sign out, and a ticket, which opens a socket that may
 * do no more than its credential.
 */
export const NEVER_NARROWED: readonly Action[] = ['users.me', 'session.end', 'tickets.create']

/** Who may read or write the events of a channel: from a role up, its owner, or nobody but the pipeline. */
type Who = { readonly from?: Role; readonly owner?: true }

export type ChannelLine = {
  /** A pattern. `{user}` is the name of the principal that owns the channel, as `userSegment` writes it. */
  readonly channels: string
  readonly read: Who
  readonly publish: Who
  /** The types that may be written, as patterns; any if left out. */
  readonly types?: readonly string[]
}

/** The first line that has a channel decides about it. */
export const CHANNELS: readonly ChannelLine[] = [
  // What one user trades. Admins may look, to help and to erase; nobody acts for another.
  {
    channels: 'market.user.{user}.**',
    read: { from: 'admin', owner: true },
    publish: { owner: true },
    types: [
      'market.order.placed',
      'market.order.cancel-requested',
      'market.alert.created',
      'market.alert.deleted',
    ],
  },
  // What the folds of the market tell each other about the orders and alerts of users.
  { channels: 'market.order.**', read: { from: 'admin' }, publish: {} },
  { channels: 'market.alert.**', read: { from: 'admin' }, publish: {} },
  { channels: 'market.candle.**', read: { from: 'viewer' }, publish: {} },
  { channels: 'tidewire.audit.**', read: { from: 'admin' }, publish: {} },
  { channels: 'tidewire.**', read: { from: 'viewer' }, publish: {} },
  { channels: '**', read: { from: 'viewer' }, publish: { from: 'publisher' } },
]
