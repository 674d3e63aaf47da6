import { formatNumber } from '#web/ui/data/format.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { type FeedFilters, isFiltered, NO_FILTERS } from './feed-filters.ts'
import type { FeedSnapshot } from './feed-store.ts'
import type { FeedHistory } from './use-feed.ts'

type Props = {
  readonly snapshot: FeedSnapshot
  readonly history: FeedHistory
  readonly filters: FeedFilters
  readonly onFilters: (filters: FeedFilters) => void
}

/** So few rows may leave nothing to scroll. */
const FEW = 30

/** Why the feed is empty, and the way to what is older. */
export function FeedNotice({ snapshot, history, filters, onFilters }: Props) {
  const { status, problem, hasMore, loadMore } = history
  const { count, loaded } = snapshot
  if (status === 'failed')
    return (
      <StateMessage kind="error" title="The history could not be read" detail={problem}>
        <Button onClick={loadMore}>Try again</Button>
      </StateMessage>
    )
  if (status === 'loading' && count === 0)
    return (
      // Keys, or one would turn into the other and count as a shift of the layout.
      <div key="loading" className="feed-loading">
        <Loading what="the events" lines={8} />
      </div>
    )
  const older = hasMore && (
    <Button small disabled={status === 'loading'} onClick={loadMore}>
      {status === 'loading' ? 'Loading…' : 'Load older events'}
    </Button>
  )
  // Where there is something to scroll, scrolling loads the rest.
  if (count > FEW)
    return status === 'loading' ? (
      <div key="older" className="feed-older">
        Loading older events…
      </div>
    ) : null
  if (count > 0)
    return older ? (
      <div key="older" className="feed-older">
        {older}
      </div>
    ) : null
  if (!isFiltered(filters))
    return (
      <StateMessage
        kind="empty"
        title="Nothing has happened yet"
        detail="Events appear here as they happen. Create one, or run “npx tidewire simulate port” to see some."
      />
    )
  return (
    <StateMessage
      kind="filtered"
      title="No event passes the filter"
      detail={`${formatNumber(loaded)} events are loaded. New ones appear as soon as they pass.`}
    >
      <Button onClick={() => onFilters(NO_FILTERS)}>Clear the filter</Button>
      {older}
    </StateMessage>
  )
}
