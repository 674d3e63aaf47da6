import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { Gap, ReceivedEvent } from '#shared/client/connect.ts'
import { ERASED_TYPE } from '#shared/core/erasure.ts'
import { useAccess } from '#web/live/access.tsx'
import { type Api, ApiError, useApi } from '#web/live/api.ts'
import { createPacer } from '#web/live/pacer.ts'
import { createPaintReporter, type PaintReport, type PaintReporter } from '#web/live/paint-reporter.ts'
import { useTidewire } from '#web/live/tidewire-provider.tsx'
import { instantOf } from '#web/ui/data/format.ts'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { createStreamMeter, type Received, type StreamMeter } from '../stream/stream-meter.ts'
import type { FeedSnapshot } from './feed.ts'
import type { FeedRow } from './feed-row.ts'
import { createFeedStore, type FeedStore } from './feed-store.ts'

/** The events below the live rows, as far as they were read. */
export type FeedHistory = {
  readonly status: 'loading' | 'ready' | 'failed'
  readonly problem?: string
  readonly hasMore: boolean
  readonly loadMore: () => void
  /** Forgets all rows and reads the newest ones. */
  readonly readAgain: () => void
}

export type PortFeed = {
  readonly store: FeedStore
  readonly meter: StreamMeter
  readonly history: FeedHistory
}

type Page = { readonly events: readonly ReceivedEvent[]; readonly next: string | null }

/** Events of the port, and the moves that make their status. */
const LIVE = ['port.**']
/** A list includes moves only if a pattern names them. */
const LISTED = 'port.**,port.lifecycle,port.*.lifecycle,port.*.*.lifecycle'
const CAPACITY = 10_000
const PAGE = 500

/** Returns the feed of the port while the component is mounted: live from now on, with the history below. */
export function usePortFeed(onNew: (rows: readonly FeedRow[]) => void): PortFeed {
  const { tidewire } = useTidewire()
  const { name } = useAccess()
  const api = useApi()
  const { store, meter, receive } = useMemo(
    () => createParts(name, onNew, reporterOf(api)),
    [name, onNew, api],
  )
  const [history, setHistory] = useState<History>(BEGIN)
  const [reading, setReading] = useState<{ readonly next: string | null } | null>(null)

  const readAgain = useCallback(() => {
    store.clear()
    setHistory(BEGIN)
    setReading({ next: null })
  }, [store])

  const isFailed = useRef(false)
  isFailed.current = history.status === 'failed'
  useEffect(() => {
    let hasBegun = false
    const begin = () => {
      hasBegun = true
      readAgain()
    }
    const take = (positioned: ReceivedEvent) => {
      receive(positioned)
      if (positioned.event.type !== ERASED_TYPE) return
      begin()
      showToast({
        tone: 'plain',
        title: 'An event was erased',
        detail: 'The feed was read again without its data.',
      })
    }
    return tidewire.subscribe({ channels: LIVE }, take, {
      // The history is read once the subscription is live, so that no event falls between the two.
      onState: (state) => {
        if (!hasBegun && (state === 'live' || state === 'polling')) begin()
        else if (state === 'live' && isFailed.current) setReading((before) => before && { ...before })
      },
      onGap: (gap) => {
        begin()
        showToast({ tone: 'plain', title: 'The feed was read again', detail: sayGap(gap) })
      },
    })
  }, [tidewire, receive, readAgain])

  useEffect(() => {
    if (reading === null) return
    const aborter = new AbortController()
    setHistory((before) => ({ ...before, status: 'loading' }))
    readPage(api, reading.next, aborter.signal)
      .then(({ events, next }) => {
        store.addOlder(events)
        setHistory({ status: 'ready', hasMore: next !== null, next })
      })
      .catch((error: unknown) => {
        if (aborter.signal.aborted) return
        const problem = error instanceof ApiError ? error.message : String(error)
        setHistory((before) => ({ ...before, status: 'failed', problem }))
      })
    return () => aborter.abort()
  }, [api, store, reading])

  const { next, ...shown } = history
  const loadMore = () => setReading({ next })
  return { store, meter, history: { ...shown, loadMore, readAgain } }
}

/** Returns the feed as it is now. It changes at most once per frame. */
export function useFeedSnapshot(store: FeedStore): FeedSnapshot {
  return useSyncExternalStore(store.subscribe, store.snapshot)
}

type History = Omit<FeedHistory, 'loadMore' | 'readAgain'> & { readonly next: string | null }

const BEGIN = { status: 'loading', hasMore: false, next: null } as const

function sayGap({ reason }: Gap): string {
  return reason === 'epoch'
    ? 'Its topic was created again: what it had before is gone.'
    : 'This page was away for longer than the server keeps events: what came first is gone.'
}

async function readPage(api: Api, next: string | null, signal: AbortSignal): Promise<Page> {
  const query = new URLSearchParams({ channel: LISTED, limit: String(PAGE), ...(next !== null && { next }) })
  return api.get<Page>(`/events?${query}`, { signal })
}

/** Reports go on after a failure of the server or the network, and end where they are refused. */
function reporterOf(api: Api): PaintReporter {
  const send = (body: PaintReport) =>
    api.raw('POST', '/telemetry', { body }).catch((error: unknown) => {
      if (error instanceof ApiError && error.problem.status === 403) throw error
    })
  return createPaintReporter({
    send,
    isVisible: () => !document.hidden,
    now: Date.now,
    wait: (run, ms) => void setTimeout(run, ms),
  })
}

function createParts(reader: string, onNew: (rows: readonly FeedRow[]) => void, reporter: PaintReporter) {
  const meter = createStreamMeter()
  const pacer = createPacer()
  let received: Received[] = []
  const store = createFeedStore({
    capacity: CAPACITY,
    reader,
    now: Date.now,
    schedule: (run) => void pacer.schedule(run),
    onFlush: (rows) => {
      const flushed = performance.now()
      const shown = received
      received = []
      reporter.shown()
      onNew(rows)
      // A task after the frame, when the rows are on the screen.
      setTimeout(() => {
        meter.frame(shown, flushed, performance.now())
        reporter.painted()
      })
    },
  })
  const receive = (positioned: ReceivedEvent) => {
    const now = Date.now()
    meter.count(now)
    pacer.note()
    received.push({ written: now - instantOf(positioned.event.time), at: performance.now() })
    reporter.received(positioned)
    store.push(positioned)
  }
  return { store, meter, receive }
}
