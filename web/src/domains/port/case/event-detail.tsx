import { isValidElement, lazy, type ReactNode, Suspense, useEffect } from 'react'
import { digitsOf } from '#shared/core/json/exact-json.ts'
import { exactEvent } from '#shared/core/json/received-event.ts'
import type { CaseEntry } from '#shared/domain/port/case.ts'
import { nameEvent } from '#shared/domain/port/event-name.ts'
import { useAccess } from '#web/live/access.tsx'
import { Badge, SeverityBadge } from '#web/ui/data/badge.tsx'
import { Age, Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { labelOf } from '#web/ui/form/schema-form.tsx'
import { Loading } from '#web/ui/layout/state-message.tsx'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { sayCategory } from '../feed/feed-filters.ts'
import type { FeedRow } from '../feed/feed-row.ts'
import type { FeedStore } from '../feed/feed-store.ts'
import { useFeedSnapshot } from '../feed/use-feed.ts'
import { CaseActions } from './case-actions.tsx'
import type { ShownCase } from './case-book.ts'
import type { MakeMove } from './moves.ts'
import { STATUS_LABELS, StatusBadge } from './status-badge.tsx'
import './event-detail.css'

const EventMap = lazy(() =>
  import('./event-map.tsx').then(({ EventMap: component }) => ({ default: component })),
)

type Props = { readonly row: FeedRow; readonly store: FeedStore; readonly makeMove: MakeMove }

/** All that is known of an event, what was done about it, and what can be done. */
export function EventDetail({ row, store, makeMove }: Props) {
  const { name } = useAccess()
  const state = useFeedSnapshot(store).caseOf(row)
  const { dataJson, ...whole } = { ...row.positioned, event: exactEvent(row.positioned) }
  const { topic, partition, offset, event } = whole
  const isUnread = state !== null && !state.isDeleted && !state.readBy.includes(name)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each event that is opened
  useEffect(() => {
    if (isUnread) void makeMove(row, 'read')
  }, [row.key])
  if (state === null)
    return (
      <article className="detail">
        {row.positioned.ahead && <AheadNote time={event.time} />}
        <pre className="detail-json">{JSON.stringify(whole, null, 2)}</pre>
      </article>
    )
  const { coordinates, location, metadata, details } = state
  return (
    <article className="detail">
      <div className="detail-badges">
        <SeverityBadge severity={event.severity} />
        <StatusBadge state={state} />
        <Badge>{sayCategory(event.category)}</Badge>
        {state.priority !== 'normal' && <Badge>{`${state.priority} priority`}</Badge>}
        {state.isErased && <Badge>Erased</Badge>}
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
          ...exactFacts(details, event.data),
        }}
      />
      {coordinates && (
        <Suspense fallback={<Loading what="the map" />}>
          <EventMap {...coordinates} label={location ?? state.title} />
        </Suspense>
      )}
      {Object.keys(metadata).length > 0 && (
        <Facts title="Metadata" facts={exactFacts(metadata, membersOf(event.data).metadata)} />
      )}
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

/** Why there is nothing to do about an event. */
function AheadNote({ time }: { readonly time: string | undefined }) {
  return (
    <p>
      <Badge tone="bad">Ahead</Badge> Its time, <Time value={time} full />, was too far ahead of the log when
      it came in: the clock of its producer is wrong. It is kept, and counts in no statistic and has no
      status.
    </p>
  )
}

/** The state has plain numbers. Where the event has the same member, its digits are shown. */
function exactFacts(facts: FactsProps['facts'], data: unknown): FactsProps['facts'] {
  const sent = membersOf(data)
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, Object.hasOwn(sent, name) ? sent[name] : value]),
  )
}

function membersOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : {}
}

type FactsProps = { readonly title: string; readonly facts: Readonly<Record<string, unknown>> }

/** Names and values. Values that are not text are shown as JSON. */
function Facts({ title, facts }: FactsProps) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className="facts">
        {Object.entries(facts).map(([name, value]) => (
          <div key={name}>
            <dt>{labelOf(name)}</dt>
            <dd>{say(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

type EventRef = { readonly id: string; readonly source: string; readonly type: string }

/** Returns the event that caused this one, if the value names one. */
function causeOf(value: unknown): EventRef | null {
  const { id, source, type } = (value ?? {}) as Partial<Record<string, unknown>>
  return typeof id === 'string' && typeof source === 'string' && typeof type === 'string'
    ? { id, source, type }
    : null
}

function Cause({ type, ...pair }: EventRef) {
  const [, change] = useSearchState()
  return (
    <Button small onClick={() => change({ event: nameEvent(pair) }, 'push')}>
      {type}
    </Button>
  )
}

function say(value: unknown): ReactNode {
  const digits = digitsOf(value)
  if (digits !== undefined) return digits
  const cause = causeOf(value)
  if (cause) return <Cause {...cause} />
  if (isValidElement(value) || typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return <code>{JSON.stringify(value)}</code>
}

/** Who did what and when: the audit trail, including refused moves. */
function CaseHistory({ state }: { state: ShownCase }) {
  const { history, historyOmitted, time } = state
  return (
    <section>
      <h3>History</h3>
      <ol className="history">
        {time && (
          <li>
            <Time value={time} full /> It happened
          </li>
        )}
        {history.map((entry) => (
          <li key={entry.event} className={entry.refused ? 'history-refused' : undefined}>
            <Time value={entry.at} full /> {sayEntry(entry)}
            {entry.note && <p className="history-note">{entry.note}</p>}
            {entry.refused && <p className="history-note">{`Refused: ${entry.refused}`}</p>}
          </li>
        ))}
      </ol>
      {historyOmitted > 0 && <p>{`${historyOmitted} more in the audit trail`}</p>}
    </section>
  )
}

function sayEntry({ by, move, to, assignee }: CaseEntry): string {
  if (move === 'assign')
    return assignee ? `${by} assigned it to ${assignee}` : `${by} took it from its assignee`
  if (move === 'delete') return `${by} deleted it`
  return `${by}: ${STATUS_LABELS[to]}`
}
