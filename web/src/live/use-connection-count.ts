import { useEffect, useState } from 'react'
import { useAccess } from './access.tsx'
import { useApi } from './api.ts'
import { isAllowed } from './rights.ts'
import { useTidewire } from './tidewire-provider.tsx'

/** Returns how many connections are open, kept up to date by the statistics; null if that is not known, or not for the user. */
export function useConnectionCount(): number | null {
  const { tidewire } = useTidewire()
  const api = useApi()
  const isOffered = isAllowed(useAccess(), 'stats.read')
  const [count, setCount] = useState<number | null>(null)
  useEffect(() => {
    if (!isOffered) return
    const left = new AbortController()
    const take = (stats: unknown) => {
      const { connections } = (stats ?? {}) as { readonly connections?: unknown }
      if (typeof connections === 'number' && !left.signal.aborted) setCount(connections)
    }
    const read = () =>
      void api.get('/stats', { signal: left.signal }).then(take, () => {
        // The next announcement has it too.
      })
    const stop = tidewire.subscribe({ channels: ['tidewire.stats'] }, ({ event }) => take(event.data), {
      onGap: read,
    })
    read()
    return () => {
      left.abort()
      stop()
    }
  }, [tidewire, api, isOffered])
  return count
}

/** Says the count in words: "1 connection", "2,000 connections". */
export function sayConnections(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'connection' : 'connections'}`
}
