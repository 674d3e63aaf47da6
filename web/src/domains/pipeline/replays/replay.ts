/** A replay as the API shows it. Times are milliseconds since 1970. */
export type Replay = {
  readonly id: string
  readonly kind: 'dead-letters' | 'discard' | 'events' | 'views'
  readonly status: 'waiting' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed'
  readonly by: string
  readonly created: number | string
  readonly changed: number | string
  readonly rate: number
  readonly total: number
  readonly done: number
  readonly skipped: number
  readonly failed: number
  readonly request: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** What may be done with a replay of this status. */
export const MOVES = {
  waiting: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  failed: ['resume'],
  done: [],
  cancelled: [],
} as const satisfies Readonly<Record<Replay['status'], readonly ReplayMove[]>>
export type ReplayMove = 'pause' | 'resume' | 'cancel'

const KINDS: Readonly<Record<Replay['kind'], string>> = {
  'dead-letters': 'Dead letters replayed',
  discard: 'Dead letters discarded',
  events: 'Events sent again',
  views: 'Views rebuilt',
}

export function sayKind({ kind }: Replay): string {
  return KINDS[kind]
}

/** Says what a replay is about: its filter, its channels and target, or its topics. */
export function sayRequest({ kind, request }: Replay): string {
  if (kind === 'events') {
    const { channels = [], from = '', to } = request as Readonly<Record<string, unknown>>
    const { url, connection } = (request.target ?? {}) as {
      readonly url?: string
      readonly connection?: string
    }
    return `${list(channels)} from ${from} to ${to ?? 'then'}, to ${url ?? `the connection ${connection}`}`
  }
  if (kind === 'views') return `Topics ${list(request.topics ?? request.domains ?? [])}`
  const { positions, ...filter } = (request.filter ?? {}) as Readonly<Record<string, unknown>>
  const named = Array.isArray(positions) ? positions.map(namePosition) : []
  const members = Object.entries(filter).map(([name, value]) => `${name} ${list(value)}`)
  const what = [...(named.length > 3 ? [`${named.length} positions`] : named), ...members]
  return `${request.isMended === true ? 'A mended event: ' : ''}${what.join(', ') || 'All that were open'}`
}

function namePosition(position: unknown): string {
  const { topic, partition, offset } = position as Readonly<Record<string, unknown>>
  return `${topic}/${partition}/${offset}`
}

function list(value: unknown): string {
  return Array.isArray(value) ? value.join(' or ') : String(value)
}

/** Returns the search parameters of the letters that a replay settled; null for one of events or views. */
export function lettersOf({ kind, request }: Replay): Readonly<Record<string, string>> | null {
  if (kind !== 'dead-letters' && kind !== 'discard') return null
  const { positions, ...filter } = (request.filter ?? {}) as Readonly<Record<string, unknown>>
  const status = kind === 'discard' ? 'discarded' : 'replayed'
  const [only] = Array.isArray(positions) && positions.length === 1 ? positions : []
  const members = Object.entries(filter).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(',') : String(value),
  ])
  return {
    ...Object.fromEntries(members),
    status,
    ...(only !== undefined && { letter: namePosition(only) }),
  }
}
