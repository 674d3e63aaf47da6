import { lazy, Suspense, useEffect } from 'react'
import { useAccess } from '#web/live/access.tsx'
import { Badge, SeverityBadge } from '#web/ui/data/badge.tsx'
import { Age, Time } from '#web/ui/data/times.tsx'
import { Loading } from '#web/ui/layout/state-message.tsx'
import { CaseActions } from './case-actions.tsx'
import { CaseHistory } from './case-history.tsx'
import { Facts } from './facts.tsx'
import type { FeedRow } from './feed-row.ts'
import { sayCategory } from './feed-row-line.tsx'
import type { FeedStore } from './feed-store.ts'
import { StatusBadge } from './status-badge.tsx'
import { useFeedSnapshot } from './use-feed.ts'
import type { MakeMove } from './use-moves.ts'
import './event-detail.css'

const EventMap = lazy(() =>
  import('./event-map.tsx').then(({ EventMap: component }) => ({ default: component })),
)

type Props = { readonly row: FeedRow; readonly store: FeedStore; readonly makeMove: MakeMove }

/** All that is known of an event, what was done about it, and what can be. */
export function EventDetail({ row, store, makeMove }: Props) {
  const { name } = useAccess()
  const state = useFeedSnapshot(store).caseOf(row)
  const { topic, partition, offset, event } = row.positioned
  const isUnread = state !== null && !state.isDeleted && !state.readBy.includes(name)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each event that is opened
  useEffect(() => {
    if (isUnread) void makeMove(row, 'read')
  }, [row.key])
  if (state === null) return <pre className="detail-json">{JSON.stringify(row.positioned, null, 2)}</pre>
  const { coordinates, location, metadata, details } = state
  return (
    <article className="detail">
      <div className="detail-badges">
        <SeverityBadge severity={event.severity} />
        <StatusBadge state={state} />
        <Badge>{sayCategory(event.category)}</Badge>
        {state.priority !== 'normal' && <Badge>{`${state.priority} priority`}</Badge>}
        {state.requiresAction && <Badge tone="busy">Requires action</Badge>}
      </div>
      {state.description && <p>{state.description}</p>}
      <CaseActions row={row} state={state} makeMove={makeMove} />
      <Facts
        title="Facts"
        facts={{
          ...(event.time && { Time: <Time value={event.time} full />, Age: <Age of={event.time} /> }),
          ...(event.subject && { Subject: event.subject }),
          ...(location && { Location: location }),
          ...(coordinates && { Coordinates: `${coordinates.latitude}, ${coordinates.longitude}` }),
          ...details,
        }}
      />
      {coordinates && (
        <Suspense fallback={<Loading what="the map" />}>
          <EventMap {...coordinates} label={location ?? state.title} />
        </Suspense>
      )}
      {Object.keys(metadata).length > 0 && <Facts title="Metadata" facts={metadata} />}
      <CaseHistory state={state} />
      <Facts
        title="Origin"
        facts={{
          Type: event.type,
          Source: event.source,
          Id: event.id,
          Position: `${topic}/${partition}/${offset}`,
        }}
      />
      <details className="detail-raw">
        <summary>The event as JSON</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
        <pre className="detail-json" tabIndex={0}>
          {JSON.stringify(event, null, 2)}
        </pre>
      </details>
    </article>
  )
}
