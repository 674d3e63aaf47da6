import { useSyncExternalStore } from 'react'
import { useNow } from '#web/ui/state/use-now.ts'
import { type Freshness, freshnessOf } from './freshness.ts'
import { useTidewire } from './tidewire-provider.tsx'

export type ConnectionView = Freshness & {
  /** When the server was last heard, in epoch milliseconds; null if never. */
  readonly heardAt: number | null
}

function subscribeOnline(listener: () => void): () => void {
  addEventListener('online', listener)
  addEventListener('offline', listener)
  return () => {
    removeEventListener('online', listener)
    removeEventListener('offline', listener)
  }
}

/** How the connection is, fresh to a second. */
export function useConnection(): ConnectionView {
  const { tidewire, calm } = useTidewire()
  const state = useSyncExternalStore(calm.subscribe, calm.state)
  const isOnline = useSyncExternalStore(subscribeOnline, () => navigator.onLine)
  const now = useNow()
  const heardAt = tidewire.lastHeard
  const age = heardAt === null ? null : Math.max(0, now - heardAt)
  return { ...freshnessOf({ state, age, isOnline, isSettled: calm.isSettled() }), heardAt }
}
