import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ReceivedEvent } from '#shared/client/connect.ts'
import type { Case } from '#shared/domain/port/case.ts'
import { useApi } from '#web/live/api.ts'
import { WithQueries } from '#web/live/with-queries.tsx'
import { IconButton } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import type { FeedRow } from '../feed/feed-row.ts'
import type { FeedStore } from '../feed/feed-store.ts'
import { useFeedSnapshot } from '../feed/use-feed.ts'
import { EventDetail } from './event-detail.tsx'
import type { MakeMove } from './moves.ts'

type Props = {
  readonly id: string
  readonly store: FeedStore
  readonly makeMove: MakeMove
  readonly onClose: () => void
}

/** The open event in a drawer, for narrow screens. */
export function DetailDrawer(props: Props) {
  const title = useTitle(props)
  return (
    <Dialog open shape="drawer" title={title} onClose={props.onClose}>
      <WithQueries>
        <DetailBody {...props} />
      </WithQueries>
    </Dialog>
  )
}

/** The open event beside the feed. */
export function DetailCard(props: Props) {
  const title = useTitle(props)
  return (
    <section className="card" aria-labelledby="detail-title">
      <header className="dialog-head">
        <h2 id="detail-title" className="dialog-title">
          {title}
        </h2>
        <IconButton icon="close" label="Close (Esc)" onClick={props.onClose} />
      </header>
      <WithQueries>
        <DetailBody {...props} />
      </WithQueries>
    </section>
  )
}

function useTitle({ id, store }: Props): string {
  const { caseOf } = useFeedSnapshot(store)
  const row = store.find(id)
  return (row && caseOf(row)?.title) ?? 'Event'
}

function DetailBody({ id, store, makeMove }: Props) {
  const { row, problem } = useOpenRow(store, id)
  if (problem !== null)
    return <StateMessage kind="error" title="This event cannot be shown" detail={problem} />
  if (row === null) return <Loading what="the event" lines={8} />
  return <EventDetail key={row.key} row={row} store={store} makeMove={makeMove} />
}

type OpenRow = {
  readonly row: FeedRow | null
  /** Why it cannot be shown, in words. */
  readonly problem: string | null
}

/** Returns the event that the address names, from the feed or, if the feed does not have it, from the server. */
function useOpenRow(store: FeedStore, id: string): OpenRow {
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
