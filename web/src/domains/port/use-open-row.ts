import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ReceivedEvent } from '#shared/client/create-subscriber.ts'
import type { Case } from '#shared/domain/port/case.ts'
import { useApi } from '#web/live/api.ts'
import type { FeedRow } from './feed-row.ts'
import type { FeedStore } from './feed-store.ts'
import { useFeedSnapshot } from './use-feed.ts'

type OpenRow = {
  readonly row: FeedRow | null
  /** Why it cannot be shown, in words. */
  readonly problem: string | null
}

/** The event that the address names: out of the feed, or asked for where the feed does not have it. */
export function useOpenRow(store: FeedStore, id: string): OpenRow {
  const api = useApi()
  useFeedSnapshot(store)
  const known = store.find(id)
  const { data, error } = useQuery({
    queryKey: ['event', id],
    queryFn: ({ signal }) =>
      api.get<ReceivedEvent & { readonly state?: Case }>(`/events/${encodeURIComponent(id)}`, {
        signal,
      }),
    enabled: known === undefined,
    staleTime: 0,
    retry: false,
  })
  useEffect(() => {
    if (data?.state && data.event.id === id && store.find(data.event.id) === undefined) {
      const { state, ...positioned } = data
      store.adopt(positioned, state)
    }
  }, [data, id, store])
  return { row: known ?? null, problem: known === undefined && error ? error.message : null }
}
