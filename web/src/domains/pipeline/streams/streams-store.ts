import type { Streams } from '#shared/core/streams.ts'
import type { LagSample } from './judge-group.ts'

/** What the page knows of Kafka. */
export type StreamsSnapshot = {
  /** null before the first response. */
  readonly streams: Streams | null
  /** When it was read, in milliseconds since the epoch. */
  readonly updatedAt: number | null
  /** What failed the last time. */
  readonly error: unknown
  /** The lags of each group since the page was opened, oldest first. */
  readonly lags: ReadonlyMap<string, readonly LagSample[]>
}

export type StreamsStore = {
  readonly snapshot: () => StreamsSnapshot
  /** Kafka is asked as long as somebody listens. */
  readonly subscribe: (listener: () => void) => () => void
  readonly refresh: () => void
}

type Deps = {
  readonly read: (signal: AbortSignal) => Promise<Streams>
  readonly now: () => number
  /** Calls back later; returns what cancels it. */
  readonly later: (run: () => void, ms: number) => () => void
}

/** The pause between a response and the next request; longer after a failure. */
const PAUSE_MS = { done: 2000, failed: 5000 } as const
/** So many samples of a group are kept: ten minutes. */
const MOST_SAMPLES = 300

export function createStreamsStore({ read, now, later }: Deps): StreamsStore {
  let snapshot: StreamsSnapshot = { streams: null, updatedAt: null, error: null, lags: new Map() }
  const listeners = new Set<() => void>()
  let asking: AbortController | null = null
  let cancel = () => {}

  const set = (next: StreamsSnapshot) => {
    snapshot = next
    for (const each of [...listeners]) each()
  }
  async function ask(): Promise<void> {
    cancel()
    asking?.abort()
    const own = new AbortController()
    asking = own
    let pause: number = PAUSE_MS.done
    try {
      const streams = await read(own.signal)
      if (own.signal.aborted) return
      const at = now()
      set({ streams, updatedAt: at, error: null, lags: withSamples(snapshot.lags, streams, at) })
    } catch (error) {
      if (own.signal.aborted) return
      pause = PAUSE_MS.failed
      set({ ...snapshot, error })
    }
    cancel = later(() => void ask(), pause)
  }
  return {
    snapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      if (listeners.size === 1) void ask()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        cancel()
        asking?.abort()
      }
    },
    refresh: () => void ask(),
  }
}

function withSamples(
  lags: StreamsSnapshot['lags'],
  { groups }: Streams,
  at: number,
): StreamsSnapshot['lags'] {
  return new Map(
    groups.map(({ name, lag, lagMs }) => [
      name,
      [...(lags.get(name) ?? []), { at, lag, lagMs }].slice(-MOST_SAMPLES),
    ]),
  )
}
