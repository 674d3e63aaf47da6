import { useSyncExternalStore } from 'react'
import type { TidewireState } from '#shared/client/connect.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { Age } from '#web/ui/data/times.tsx'
import { useNow } from '#web/ui/state/use-now.ts'
import { useTidewire } from './tidewire-provider.tsx'
import './freshness.css'

type FreshnessPhase =
  | 'live'
  | 'connecting'
  | 'reconnecting'
  | 'recovering'
  | 'polling'
  | 'stale'
  | 'offline'
  | 'closed'

/** How current the data on the screen is, in words for users. */
type Freshness = {
  readonly phase: FreshnessPhase
  readonly label: string
  readonly help: string
  readonly tone: 'good' | 'busy' | 'bad'
  /** Why nothing should be decided on what is shown; null if it may. */
  readonly refusal: string | null
}

export type Heard = {
  readonly state: TidewireState
  /** Milliseconds since the last message of the server; null if there was none. */
  readonly age: number | null
  /** Milliseconds since a ping that has brought no sign of life; null if there is none. */
  readonly unansweredFor: number | null
  /** Whether the last poll failed. */
  readonly isUnreachable: boolean
  /** Whether the browser reports a network. */
  readonly isOnline: boolean
  /** Whether a first view was caught up since the page was opened. */
  readonly isSettled: boolean
}

/** A live connection that was asked whether it is alive is doubted after this. */
const UNANSWERED_MS = 3000
/** It is asked after 6 minutes at the latest. A longer silence means that this page was asleep and has not asked yet. */
const SILENT_MS = 400_000
/** Polling hears from the server every 30 s, even if it holds no requests. */
const POLL_MS = 30_000

const WORDS: { readonly [phase in FreshnessPhase]: Omit<Freshness, 'phase'> } = {
  live: { label: 'Live', help: 'Events appear as they happen.', tone: 'good', refusal: null },
  connecting: words('Connecting…', 'Connecting to the server.', 'busy'),
  reconnecting: words('Reconnecting…', 'The connection was lost. Missed events will follow.', 'busy'),
  recovering: words('Catching up…', 'Reading missed events. Nothing is lost.', 'busy'),
  polling: {
    label: 'Polling',
    help: 'The live connection is down: events come over HTTP, usually within a second or two.',
    tone: 'busy',
    refusal: null,
  },
  stale: words('Stale', 'The server has not responded for a moment. Checking the connection.', 'bad'),
  offline: words('Offline', 'The server cannot be reached. Retrying.', 'bad'),
  closed: words('Closed', 'The connection was closed. Reload the page to connect.', 'bad'),
}

function words(label: string, help: string, tone: Freshness['tone']): Omit<Freshness, 'phase'> {
  return { label, help, tone, refusal: `${label.replace('…', '')}: what you see may be out of date.` }
}

/**
 * The state of the connection, updated every second, with when the server was last heard. While nothing happens the
 * server sends nothing, so a live connection may have been silent for minutes: show the age beside it.
 */
export function useConnection(): Freshness & {
  /** In epoch milliseconds; null if never. */
  readonly heardAt: number | null
} {
  const { tidewire, calm } = useTidewire()
  const state = useSyncExternalStore(calm.subscribe, calm.state)
  const isOnline = useSyncExternalStore(subscribeOnline, () => navigator.onLine)
  const now = useNow()
  const heardAt = tidewire.lastHeard
  const since = (time: number | null) => (time === null ? null : Math.max(0, now - time))
  const unansweredFor = since(tidewire.unansweredSince)
  const isUnreachable = tidewire.unreachableSince !== null
  const isSettled = calm.isSettled()
  const heard = { state, age: since(heardAt), unansweredFor, isUnreachable, isOnline, isSettled }
  return { ...freshnessOf(heard), heardAt }
}

type BadgeProps = {
  /** When the data last changed, in epoch milliseconds; null before the first data. */
  readonly updatedAt?: number | null
  /** Whether the user paused the updates. */
  readonly paused?: boolean
}

/** How fresh the data of a widget is. It belongs in the widget's head, right of the title. */
export function FreshnessBadge({ updatedAt, paused = false }: BadgeProps) {
  const { phase, label, tone, heardAt } = useConnection()
  const at = phase === 'live' && !paused ? heardAt : (updatedAt ?? heardAt)
  return (
    <span className="freshness">
      <Badge tone={paused ? 'busy' : tone}>
        <span className="freshness-dot" aria-hidden="true" />
        {paused ? 'Paused' : label}
      </Badge>
      {at !== null && (
        <span className="freshness-age">
          <span className="visually-hidden">Data as of </span>
          <Age of={at} />
        </span>
      )}
    </span>
  )
}

/** Derives from the client's state and the time since the last message how current the page is. */
export function freshnessOf(heard: Heard): Freshness {
  const phase = phaseOf(heard)
  return { phase, ...WORDS[phase] }
}

function phaseOf({ state, age, unansweredFor, isUnreachable, isOnline, isSettled }: Heard): FreshnessPhase {
  if (state === 'closed') return 'closed'
  if (!isOnline) return 'offline'
  if (state === 'live') {
    const isDoubtful = (unansweredFor ?? 0) > UNANSWERED_MS || (age ?? 0) > SILENT_MS
    return isDoubtful ? 'stale' : 'live'
  }
  if (state === 'recovering') return 'recovering'
  const isSilent = isUnreachable || age === null || age > 2 * POLL_MS
  if (state === 'polling') return isSilent ? 'offline' : 'polling'
  return isSettled ? 'reconnecting' : 'connecting'
}

function subscribeOnline(listener: () => void): () => void {
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}
