import { setTimeout as sleep } from 'node:timers/promises'
import { API_KEY } from '../../tests/support/start-stack.ts'
import type { Times } from './times.ts'
import { CHANNELS } from './viewers.ts'

export type ReaderOptions = {
  readonly httpUrl: string
  readonly times: Times
  /** How long an event can be read. A cursor that is older by a fifth is an old one. */
  readonly retentionMs: number
}

export type Reader = {
  start(): void
  stop(): Promise<void>
  /** A cursor that is older than the log; null until there is one. */
  oldCursor(): string | null
  /** While the stack is disturbed, failures are counted apart and times are not noted. */
  disturb(isDisturbed: boolean): void
  /** How many reads there were, and how many failed, by what and how; those while the stack was disturbed apart. */
  counts(): {
    readonly reads: number
    readonly failed: Readonly<Record<string, number>>
    readonly whileDisturbed: Readonly<Record<string, number>>
  }
}

const EVERY_MS = 150
const READ_WITHIN_MS = 30_000
const PAGES_DOWN = 4
const VIEWS = [
  'port/berths',
  'port/statistics',
  'market/quotes',
  'market/volume',
  'sensors/sensors',
  'sensors/aggregates',
  'blog/posts',
]
/** Cursors that are kept to become old. */
const KEPT_CURSORS = 2000

type Page = { readonly next?: string | null; readonly cursor?: string; readonly recovered?: boolean }
type Kept = { readonly at: number; readonly cursor: string }

/** Reads one thing after the other, all that the HTTP API has to read, again and again. */
export function createReader({ httpUrl, times, retentionMs }: ReaderOptions): Reader {
  const failed: Record<string, number> = {}
  const whileDisturbed: Record<string, number> = {}
  let cursors: Kept[] = []
  let reads = 0
  let isDisturbed = false
  let isStopped = false
  let reading: Promise<void> = Promise.resolve()

  const aged = (part: number): string | null =>
    cursors.findLast(({ at }) => performance.now() - at > part * retentionMs)?.cursor ?? null

  /** Reads a path and notes its time. Returns its JSON, or null if it failed. */
  async function read(kind: string, path: string): Promise<Page | null> {
    reads++
    const wasDisturbed = isDisturbed
    const begin = performance.now()
    const problem = (text: string) => {
      const errors = wasDisturbed || isDisturbed ? whileDisturbed : failed
      errors[`${kind}: ${text}`] = (errors[`${kind}: ${text}`] ?? 0) + 1
      return null
    }
    try {
      const response = await fetch(`${httpUrl}${path}`, {
        headers: { 'x-api-key': API_KEY },
        signal: AbortSignal.timeout(READ_WITHIN_MS),
      })
      const text = await response.text()
      if (!wasDisturbed && !isDisturbed) times.add(kind, performance.now() - begin)
      if (response.status !== 200) return problem(String(response.status))
      if (!response.headers.get('content-type')?.includes('json')) return {}
      const page = JSON.parse(text) as Page & { errorMessage?: unknown }
      return 'errorMessage' in page ? problem('200 that is an error') : page
    } catch (error) {
      return problem(error instanceof Error ? error.name : 'failed')
    }
  }

  const channelOf = (turn: number) => Object.values(CHANNELS)[turn % Object.keys(CHANNELS).length] ?? '**'
  const kinds: Readonly<Record<string, (turn: number) => Promise<unknown>>> = {
    newest: (turn) => read('newest page', `/events?channel=${channelOf(turn)}&limit=50`),
    everything: () => read('newest page of all', '/events?limit=100'),
    async deep() {
      let next = ''
      for (let page = 0; page < PAGES_DOWN; page++) {
        const found = await read('pages down', `/events?channel=market.**&limit=500${next}`)
        if (!found?.next) return
        next = `&next=${encodeURIComponent(found.next)}`
      }
    },
    search: (turn) => read('search', `/events?channel=${channelOf(turn)}&q=distress&limit=20`),
    rare: () => read('search of what is not there', '/events?q=zzzzzz&limit=20'),
    async heads() {
      const page = await read('present cursor', '/events/since?channel=market.**')
      if (page?.cursor)
        cursors = [...cursors.slice(1 - KEPT_CURSORS), { at: performance.now(), cursor: page.cursor }]
    },
    async young() {
      const cursor = aged(0.1)
      if (cursor === null) return
      await read(
        'since a young cursor',
        `/events/since?channel=market.**&cursor=${encodeURIComponent(cursor)}`,
      )
    },
    async old() {
      const cursor = aged(1.2)
      if (cursor === null) return
      const path = `/events/since?channel=market.**&cursor=${encodeURIComponent(cursor)}`
      const page = await read('since an old cursor', path)
      if (page?.recovered)
        failed['since an old cursor: recovered'] = (failed['since an old cursor: recovered'] ?? 0) + 1
    },
    async time() {
      const from = new Date(Date.now() - 3_600_000).toISOString()
      await read('range of an hour', `/events?channel=port.**&from=${from}&limit=50`)
    },
    view: (turn) => read('view', `/views/${VIEWS[turn % VIEWS.length]}`),
    stats: () => read('statistics', '/stats'),
    csv: (turn) => read('CSV', `/events.csv?channel=${channelOf(turn)}&limit=1000`),
    deadLetters: () => read('dead letters', '/dead-letters'),
  }

  async function readOn(): Promise<void> {
    for (let turn = 0; !isStopped; turn++)
      for (const one of Object.values(kinds)) {
        if (isStopped) return
        await one(turn)
        await sleep(EVERY_MS)
      }
  }

  return {
    start() {
      reading = readOn()
    },
    async stop() {
      isStopped = true
      await reading
    },
    oldCursor: () => aged(1.2),
    disturb(now) {
      isDisturbed = now
    },
    counts: () => ({ reads, failed, whileDisturbed }),
  }
}
