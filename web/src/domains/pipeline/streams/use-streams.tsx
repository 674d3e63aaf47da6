import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from 'react'
import type { Streams } from '#shared/core/streams.ts'
import { ApiError, describeFailure, useApi } from '#web/live/api.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { Age } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { createStreamsStore, type StreamsSnapshot, type StreamsStore } from './streams-store.ts'

const StreamsContext = createContext<StreamsStore | null>(null)

/** Provides what Kafka has. It is asked only while something below shows it, and the lags are kept in between. */
export function StreamsProvider({ children }: { readonly children: ReactNode }) {
  const api = useApi()
  const [store] = useState(() =>
    createStreamsStore({
      read: (signal) => api.get<Streams>('/streams', { signal }),
      now: Date.now,
      later: whenVisible,
    }),
  )
  return <StreamsContext.Provider value={store}>{children}</StreamsContext.Provider>
}

/** As `setTimeout`, but a page that nobody sees waits until it is seen. */
function whenVisible(run: () => void, ms: number): () => void {
  const onVisible = () => {
    if (document.hidden) return
    document.removeEventListener('visibilitychange', onVisible)
    run()
  }
  const timer = setTimeout(() => {
    document.addEventListener('visibilitychange', onVisible)
    onVisible()
  }, ms)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', onVisible)
  }
}

/** What Kafka has, updated every two seconds. Throws outside a StreamsProvider. */
export function useStreams(): StreamsSnapshot & { readonly refresh: () => void } {
  const store = useContext(StreamsContext)
  if (store === null) throw new Error('useStreams needs a StreamsProvider above it')
  const snapshot = useSyncExternalStore(store.subscribe, store.snapshot)
  return { ...snapshot, refresh: store.refresh }
}

/** How old what is shown of Kafka is. */
export function StreamsAge() {
  const { updatedAt, error } = useStreams()
  if (updatedAt === null) return null
  return (
    <span className="streams-age">
      <Badge tone={error ? 'bad' : 'good'}>{error ? 'Not updated' : 'Every 2 s'}</Badge>{' '}
      <span className="visually-hidden">Data as of </span>
      <Age of={updatedAt} />
    </span>
  )
}

/** What is shown of Kafka, or why it is missing. Older data stays, with what failed above it. */
export function StreamsBody({ children }: { readonly children: (streams: Streams) => ReactNode }) {
  const { streams, error, refresh } = useStreams()
  const again = <Button onClick={refresh}>Try again</Button>
  if (streams !== null)
    return (
      <>
        {error !== null && <p role="alert">{describeFailure(error)}</p>}
        {children(streams)}
      </>
    )
  if (error === null) return <Loading what="what Kafka has" lines={6} />
  if (error instanceof ApiError && error.problem.status === 403)
    return <StateMessage kind="denied" title="You cannot see the topics" detail={error.message} />
  return (
    <StateMessage kind="error" title="Kafka could not be looked at" detail={describeFailure(error)}>
      {again}
    </StateMessage>
  )
}
