import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ReceivedEvent } from '#shared/client/connect.ts'
import type { Case } from '#shared/domain/port/case.ts'
import { nameEvent, readEventName } from '#shared/domain/port/event-name.ts'
import { ApiError, useApi } from '#web/live/api.ts'
import { WithQueries } from '#web/live/with-queries.tsx'
import { Button, IconButton } from '#web/ui/form/button.tsx'
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
  const { row, error, retry } = useOpenRow(store, id)
  if (error !== null && isGone(error))
    return (
      <StateMessage
        kind="empty"
        title="This event is not here"
        detail="Either it is older than what the server keeps, or there never was one with this id."
      />
    )
  if (error !== null)
    return (
      <StateMessage kind="error" title="This event cannot be shown" detail={error.message}>
        <Button onClick={retry}>Try again</Button>
      </StateMessage>
    )
  if (row === null) return <Loading what="the event" lines={8} />
  return <EventDetail key={row.key} row={row} store={store} makeMove={makeMove} />
}

type OpenRow = {
  readonly row: FeedRow | null
  /** Why it cannot be shown. */
  readonly error: Error | null
  readonly retry: () => void
}

const statusOf = (error: Error) => (error instanceof ApiError ? error.problem.status : 0)
const isGone = (error: Error) => [404, 410].includes(statusOf(error))
/** The server was away, or too slow: what it has not answered yet may be asked again. */
const isPassing = (error: Error) => statusOf(error) === 0 || statusOf(error) >= 500
const RETRIES = 3

/** The address names an event by its name, or by its id alone. */
function pathOf(name: string): string {
  const { id, source } = readEventName(name)
  const query = source === undefined ? '' : `?${new URLSearchParams({ source })}`
  return `/events/${encodeURIComponent(id)}${query}`
}

/** Returns the event that the address names, from the feed or, if the feed does not have it, from the server. */
function useOpenRow(store: FeedStore, id: string): OpenRow {
  const api = useApi()
  useFeedSnapshot(store)
  const known = store.find(id)
  const { data, error, refetch } = useQuery({
    queryKey: ['event', id],
    queryFn: ({ signal }) => api.get<ReceivedEvent & { readonly state?: Case }>(pathOf(id), { signal }),
    enabled: known === undefined,
    staleTime: 0,
    retry: (failures, cause) => failures < RETRIES && isPassing(cause),
  })
  useEffect(() => {
    if (
      data &&
      (data.state || data.ahead) &&
      [nameEvent(data.event), data.event.id].includes(id) &&
      !store.find(id)
    ) {
      const { state, ...positioned } = data
      store.adopt(positioned, state)
    }
  }, [data, id, store])
  return {
    row: known ?? null,
    error: known === undefined ? error : null,
    retry: () => void refetch(),
  }
}
