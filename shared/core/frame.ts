import type { PositionedEvent } from './event.ts'
import type { Filter } from './interest.ts'

/** Where a subscription starts: `latest`, `earliest`, a cursor, or an RFC 3339 time. */
export type Since = string

/** Client → server messages (CONTRACT.md, "WebSocket"). */
export type SubscribeMessage = {
  readonly action: 'subscribe'
  readonly id: string
  readonly attempt?: number
  readonly channels: readonly string[]
  readonly filter?: Filter
  readonly since?: Since
}
export type ClientMessage =
  | SubscribeMessage
  | { readonly action: 'unsubscribe'; readonly id: string }
  | { readonly action: 'ping' }
  | { readonly action: 'refresh'; readonly token: string }

/** Why a subscription could not go on from where the client was. */
export type NotRecovered = 'too_far' | 'trimmed' | 'epoch'

/** Server → client frames. */
export type EventsFrame = {
  readonly type: 'events'
  readonly ids: readonly string[]
  readonly attempt?: number
  readonly replay?: true
  readonly events: readonly PositionedEvent[]
}
export type SubscribedFrame = {
  readonly type: 'subscribed'
  readonly id: string
  readonly attempt: number
  readonly cursor: string
  readonly recovered: boolean
  readonly reason?: NotRecovered
}
export type ErrorFrame = {
  readonly type: 'error'
  readonly code: string
  readonly detail: string
  readonly id?: string
}
export type ServerFrame =
  | EventsFrame
  | SubscribedFrame
  | { readonly type: 'unsubscribed'; readonly id: string }
  | { readonly type: 'pong'; readonly time: string; readonly behind: boolean }
  | { readonly type: 'refreshed'; readonly expires: string }
  | { readonly type: 'gap'; readonly ids: readonly string[] }
  | ErrorFrame

/** A frame is at most 32 KB (one metering unit of the gateway) unless a single event is larger; never over 128 KB. */
export const FRAME_LIMITS = { softBytes: 32 * 1024, hardBytes: 128 * 1024 } as const
/** The most events that a socket replays; further behind, the client catches up over HTTP. */
export const REPLAY_LIMIT = 1000
/** The most subscriptions of one connection. */
export const SUBSCRIPTION_LIMIT = 50
