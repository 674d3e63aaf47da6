import type { CaseEntry } from '#shared/domain/port/case.ts'
import { Time } from '#web/ui/data/times.tsx'
import type { ShownCase } from './case-book.ts'
import { STATUS_LABELS } from './moves.ts'

/** Who did what and when: the audit trail, with what came too late. */
export function CaseHistory({ state }: { state: ShownCase }) {
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
