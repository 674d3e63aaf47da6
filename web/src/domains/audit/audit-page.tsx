import { type FormEvent, useState } from 'react'
import { AUDITED_ACTIONS } from '#shared/core/audit.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { Segments } from '#web/ui/form/segments.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { type Search, useSearchState } from '#web/ui/state/use-search-state.ts'
import { type Filters, sayAction } from './entries.ts'
import { EntryRow } from './entry-row.tsx'
import { type AuditTrail, useAuditTrail } from './use-audit-trail.ts'
import './audit-page.css'

const OUTCOMES = [
  ['', 'Everything'],
  ['done', 'Done'],
  ['refused', 'Refused'],
] as const

/** Who did what, and what was refused: newest first, and live. */
export function AuditPage() {
  const [search, change] = useSearchState()
  const { principal = '', action = '', outcome = '' } = search
  const filters = { principal, action, outcome }
  const trail = useAuditTrail(filters)
  return (
    <div className="audit">
      <header className="audit-head">
        <h1>Audit trail</h1>
        <AuditFilters filters={filters} change={change} />
        <FreshnessBadge updatedAt={trail.updatedAt} />
      </header>
      <Card title="Entries" className="audit-entries">
        <Entries trail={trail} isFiltered={Object.values(filters).some(Boolean)} change={change} />
      </Card>
    </div>
  )
}

type Change = (changed: Search) => void

function AuditFilters({ filters, change }: { readonly filters: Filters; readonly change: Change }) {
  const { principal, action, outcome } = filters
  const [name, setName] = useState('')
  function onSubmit(event: FormEvent) {
    event.preventDefault()
    change({ principal: name.trim() })
    setName('')
  }
  return (
    <search className="audit-filters">
      <Segments
        label="Outcome"
        value={OUTCOMES.find(([value]) => value === outcome)?.[0] ?? ''}
        options={OUTCOMES}
        onChange={(value) => change({ outcome: value })}
      />
      <select aria-label="Action" value={action} onChange={({ target }) => change({ action: target.value })}>
        <option value="">All actions</option>
        {AUDITED_ACTIONS.map((one) => (
          <option key={one} value={one}>
            {sayAction(one)}
          </option>
        ))}
      </select>
      {principal === '' ? (
        <form onSubmit={onSubmit}>
          <input
            type="search"
            aria-label="Name of who acted, as it is written"
            placeholder="Name, then Enter"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        </form>
      ) : (
        <Chip pressed onChange={() => change({ principal: '' })}>
          Only {principal}
        </Chip>
      )}
    </search>
  )
}

type EntriesProps = { readonly trail: AuditTrail; readonly isFiltered: boolean; readonly change: Change }

function Entries({ trail, isFiltered, change }: EntriesProps) {
  const { entries, next, error, loadMore } = trail
  if (error?.isDenied)
    return (
      <StateMessage
        kind="denied"
        title="You cannot see the audit trail"
        detail="It takes the role admin. Ask an administrator."
      />
    )
  if (error && next === undefined)
    return (
      <StateMessage kind="error" title="The audit trail could not be loaded" detail={error.detail}>
        <Button onClick={() => void loadMore()}>Try again</Button>
      </StateMessage>
    )
  if (next === undefined) return <Loading what="the audit trail" lines={8} />
  if (entries.length === 0 && next === null)
    return isFiltered ? (
      <StateMessage kind="filtered" title="No entry matches this filter">
        <Button onClick={() => change({ principal: '', action: '', outcome: '' })}>Show everything</Button>
      </StateMessage>
    ) : (
      <StateMessage
        kind="empty"
        title="Nothing has been recorded yet"
        detail="Refusals, deletions, moves, exports and changes of keys are listed here as they happen."
      />
    )
  return (
    <>
      <DataTable caption="Entries of the audit trail, newest first" narrow="cards">
        <thead>
          <tr>
            {['Time', 'Who', 'What', 'Outcome', 'Target', 'Why', 'From'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <EntryRow key={entry.id} entry={entry} onlyOf={(name) => change({ principal: name })} />
          ))}
        </tbody>
      </DataTable>
      {error && <p role="alert">{error.detail}</p>}
      {next !== null && (
        <Button className="audit-more" onClick={() => void loadMore()}>
          Show older entries
        </Button>
      )}
    </>
  )
}
