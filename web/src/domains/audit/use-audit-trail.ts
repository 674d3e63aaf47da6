import { useCallback, useEffect, useState } from 'react'
import { AUDIT_CHANNELS } from '#shared/core/audit.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { ApiError, describeFailure, useApi } from '#web/live/api.ts'
import { useTidewire } from '#web/live/tidewire-provider.tsx'
import { addressOf, type Entry, type Filters, isShown, joinEntries, readEntry } from './entries.ts'

type Page = { readonly events: readonly PositionedEvent[]; readonly next: string | null }
type Loaded = {
  readonly entries: readonly Entry[]
  /** What continues below the last entry; null at the end, undefined as long as no page is loaded. */
  readonly next: string | null | undefined
  readonly updatedAt: number | null
  readonly error: { readonly isDenied: boolean; readonly detail: string } | null
}

export type AuditTrail = Loaded & {
  /** Loads the next page below, or the first one again after an error. */
  readonly loadMore: () => Promise<void>
}

const NOTHING: Loaded = { entries: [], next: undefined, updatedAt: null, error: null }

/** The entries that pass the filters: a page of history, and those that are written while it is shown. */
export function useAuditTrail({ principal, action, outcome }: Filters): AuditTrail {
  const api = useApi()
  const { tidewire } = useTidewire()
  const [loaded, setLoaded] = useState<Loaded>(NOTHING)

  const load = useCallback(
    async (next: string | null, signal?: AbortSignal) => {
      try {
        const path = addressOf({ principal, action, outcome }, next)
        const page = await api.get<Page>(path, signal && { signal })
        const read = page.events.map(readEntry)
        setLoaded((before) => ({
          ...before,
          entries: joinEntries(before.entries, read),
          next: page.next,
          updatedAt: Date.now(),
          error: null,
        }))
      } catch (cause) {
        if (signal?.aborted) return
        const isDenied = cause instanceof ApiError && cause.problem.status === 403
        setLoaded((before) => ({ ...before, error: { isDenied, detail: describeFailure(cause) } }))
      }
    },
    [api, principal, action, outcome],
  )

  useEffect(() => {
    const left = new AbortController()
    setLoaded(NOTHING)
    const take = (positioned: PositionedEvent) => {
      const entry = readEntry(positioned)
      if (isShown({ principal, action, outcome }, entry))
        setLoaded((before) => ({
          ...before,
          entries: joinEntries(before.entries, [entry]),
          updatedAt: Date.now(),
        }))
    }
    // It listens before it reads, so that nothing is missing in between.
    const stop = tidewire.subscribe({ channels: [AUDIT_CHANNELS] }, take, {
      onGap: () => void load(null, left.signal),
    })
    void load(null, left.signal)
    return () => {
      left.abort()
      stop()
    }
  }, [tidewire, load, principal, action, outcome])

  return { ...loaded, loadMore: () => load(loaded.next ?? null) }
}
