import { memo } from 'react'
import { Badge } from '#web/ui/data/badge.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { type Entry, sayAction, subjectOf } from './entries.ts'

type Props = {
  readonly entry: Entry
  /** Shows only what a name did. */
  readonly onlyOf: (name: string) => void
}

/** One entry as a row. Its identifiers, for logs and traces, are under what happened. */
export const EntryRow = memo(
  function EntryRow({ entry, onlyOf }: Props) {
    const { time, principal, action, outcome, target, reason, address, omitted } = entry
    const who = subjectOf(entry)
    return (
      <tr>
        <td data-label="Time">
          <Time value={time} />
        </td>
        <th scope="row">
          <button
            type="button"
            className="audit-who"
            title={`Show only entries of ${who}`}
            onClick={() => onlyOf(who)}
          >
            {who}
          </button>
          <small className="audit-note">{principal ? principal.role : 'no valid credentials'}</small>
        </th>
        <td data-label="What">
          {sayAction(action)}
          {omitted !== undefined && (
            <small className="audit-note">{`and ${omitted.toLocaleString('en')} more before`}</small>
          )}
          <Identifiers entry={entry} />
        </td>
        <td data-label="Outcome">
          <Badge tone={outcome === 'done' ? 'good' : 'bad'}>{outcome === 'done' ? 'Done' : 'Refused'}</Badge>
        </td>
        <td className="audit-text" data-label="Target">
          {target ?? '—'}
        </td>
        <td className="audit-text wide" data-label="Why">
          {reason ?? '—'}
        </td>
        <td data-label="From">{address ?? '—'}</td>
      </tr>
    )
  },
  (before, after) => before.entry === after.entry,
)

function Identifiers({ entry: { requestId, trace, details = {} } }: { readonly entry: Entry }) {
  const shown = Object.entries({ ...details, request: requestId, trace }).filter(
    ([, value]) => value !== undefined && value !== '',
  )
  if (shown.length === 0) return null
  return (
    <details className="audit-details">
      <summary>Details</summary>
      <dl>
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{String(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
