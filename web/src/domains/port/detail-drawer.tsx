import { WithQueries } from '#web/live/with-queries.tsx'
import { IconButton } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { EventDetail } from './event-detail.tsx'
import type { FeedStore } from './feed-store.ts'
import { useFeedSnapshot } from './use-feed.ts'
import type { MakeMove } from './use-moves.ts'
import { useOpenRow } from './use-open-row.ts'

type Props = {
  readonly id: string
  readonly store: FeedStore
  readonly makeMove: MakeMove
  readonly onClose: () => void
}

/** The open event over the whole of a phone. */
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
