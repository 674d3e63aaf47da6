import type { TidewireState } from '#shared/client/client-state.ts'

export type FreshnessPhase =
  | 'live'
  | 'connecting'
  | 'reconnecting'
  | 'recovering'
  | 'polling'
  | 'stale'
  | 'offline'
  | 'closed'

/** How current what is on the screen is, in words for everybody. */
export type Freshness = {
  readonly phase: FreshnessPhase
  readonly label: string
  readonly help: string
  readonly tone: 'good' | 'busy' | 'bad'
  /** Why nothing should be decided on what is shown; null if it may. */
  readonly refusal: string | null
}

export type Heard = {
  readonly state: TidewireState
  /** How long ago the server was last heard, in milliseconds; null if never. */
  readonly age: number | null
  /** Whether the browser thinks that it has a network. */
  readonly isOnline: boolean
  /** Whether anything was caught up with since the page was opened. */
  readonly isSettled: boolean
}

/** After so long without a word a live connection is doubted: pings go out every 25 s, and 10 s are given to answer. */
const STALE_MS = 45_000
const POLL_MS = 30_000

const WORDS: { readonly [phase in FreshnessPhase]: Omit<Freshness, 'phase'> } = {
  live: { label: 'Live', help: 'Events appear as they happen.', tone: 'good', refusal: null },
  connecting: words('Connecting…', 'Looking for the server.', 'busy'),
  reconnecting: words('Reconnecting…', 'The connection was lost. What you miss will follow.', 'busy'),
  recovering: words('Catching up…', 'Fetching what you missed. Nothing is lost.', 'busy'),
  polling: {
    label: 'Polling',
    help: 'The live connection is down: events come every 30 s.',
    tone: 'busy',
    refusal: null,
  },
  stale: words('Stale', 'The server has been silent for too long. Checking the connection.', 'bad'),
  offline: words('Offline', 'The server cannot be reached. Trying again and again.', 'bad'),
  closed: words('Closed', 'The connection was closed. Reload the page to connect.', 'bad'),
}

function words(label: string, help: string, tone: Freshness['tone']): Omit<Freshness, 'phase'> {
  return { label, help, tone, refusal: `${label.replace('…', '')}: what you see may be out of date.` }
}

/** Says how current what is shown is. */
export function freshnessOf(heard: Heard): Freshness {
  const phase = phaseOf(heard)
  return { phase, ...WORDS[phase] }
}

function phaseOf({ state, age, isOnline, isSettled }: Heard): FreshnessPhase {
  if (state === 'closed') return 'closed'
  if (!isOnline) return 'offline'
  if (state === 'live') return age !== null && age > STALE_MS ? 'stale' : 'live'
  if (state === 'recovering') return 'recovering'
  const isSilent = age === null || age > 2 * POLL_MS
  if (state === 'polling') return isSilent ? 'offline' : 'polling'
  return isSettled ? 'reconnecting' : 'connecting'
}
