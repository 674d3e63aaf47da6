import { useEffect, useRef, useState } from 'react'
import { SEVERITIES } from '#shared/core/severity.ts'
import { CASE_STATUSES } from '#shared/domain/port/case.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { useShortcut } from '#web/ui/state/shortcuts.ts'
import { useMedia } from '#web/ui/state/use-media.ts'
import { STATUS_LABELS } from '../case/status-badge.tsx'
import { CATEGORIES, type FeedFilters, isFiltered, NO_FILTERS, sayCategory } from './feed-filters.ts'

type Props = {
  readonly filters: FeedFilters
  readonly onChange: (filters: FeedFilters) => void
  /** The reader's own name, for "me". */
  readonly reader: string
}

/** What of the feed to show. The feed stays live, and all filters are in the address. */
export function FilterBar({ filters, onChange, reader }: Props) {
  const set = (change: Partial<FeedFilters>) => onChange({ ...filters, ...change })
  const { severities, isToday, isUnread } = filters
  const isNarrow = useMedia('(max-width: 560px)')
  const [isOpen, setOpen] = useState(false)
  const isCritical = severities.length === 1 && severities[0] === 'critical'
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is not yet known to every screen reader
    <form
      className="filter-bar"
      role="search"
      aria-label="Filter events"
      onSubmit={(event) => event.preventDefault()}
    >
      <SearchField text={filters.text} onChange={(text) => set({ text })} />
      <div className="filter-chips">
        <Chip
          tone="critical"
          pressed={isCritical}
          onChange={(on) => set({ severities: on ? ['critical'] : [] })}
        >
          Critical
        </Chip>
        <Chip pressed={isToday} onChange={(on) => set({ isToday: on })}>
          Today
        </Chip>
        <Chip pressed={isUnread} onChange={(on) => set({ isUnread: on })}>
          Unread
        </Chip>
      </div>
      {isNarrow && (
        <Button small aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Fewer' : 'More'}
        </Button>
      )}
      <div className="filter-selects" hidden={isNarrow && !isOpen}>
        <Choice
          label="Severity"
          all="Any severity"
          values={severities}
          options={SEVERITIES.map((name) => [name, name])}
          onChange={(values) => set({ severities: values })}
        />
        <Choice
          label="Category"
          all="Any category"
          values={filters.categories}
          options={CATEGORIES.map((name) => [name, sayCategory(name)])}
          onChange={(values) => set({ categories: values })}
        />
        <Choice
          label="Status"
          all="Any status"
          values={filters.statuses}
          options={CASE_STATUSES.map((name) => [name, STATUS_LABELS[name]])}
          onChange={(values) => set({ statuses: values })}
        />
        <AssigneeField
          assignee={filters.assignee}
          reader={reader}
          onChange={(assignee) => set({ assignee })}
        />
        {isFiltered(filters) && (
          <Button small look="quiet" icon="close" onClick={() => onChange(NO_FILTERS)}>
            Clear
          </Button>
        )}
      </div>
    </form>
  )
}

type SearchProps = { readonly text: string; readonly onChange: (text: string) => void }

/** Filters while the user types; the address follows after a pause. */
function SearchField({ text, onChange }: SearchProps) {
  const field = useRef<HTMLInputElement>(null)
  const [draft, setDraft] = useState(text)
  const [given, setGiven] = useState(text)
  if (given !== text) {
    setGiven(text)
    setDraft(text)
  }
  useEffect(() => {
    if (draft === given) return
    const timer = setTimeout(() => onChange(draft), 120)
    return () => clearTimeout(timer)
  }, [draft, given, onChange])
  useShortcut({ keys: '/', label: 'Search the events', group: 'Feed' }, () => field.current?.focus())
  return (
    <input
      ref={field}
      className="filter-search"
      type="search"
      aria-label="Search title, description and subject"
      placeholder="Search the events"
      value={draft}
      onChange={({ target }) => setDraft(target.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        // The browser's default would empty the field. Here Escape only leaves it.
        event.preventDefault()
        event.currentTarget.blur()
      }}
    />
  )
}

type ChoiceProps = {
  readonly label: string
  readonly all: string
  readonly values: readonly string[]
  readonly options: readonly (readonly [string, string])[]
  readonly onChange: (values: readonly string[]) => void
}

/** One of many, or all. The address can also have several. */
function Choice({ label, all, values, options, onChange }: ChoiceProps) {
  const several = values.length > 1 ? values.join(',') : null
  return (
    <select
      aria-label={label}
      value={several ?? values[0] ?? ''}
      onChange={({ target }) => onChange(target.value === '' ? [] : target.value.split(','))}
    >
      <option value="">{all}</option>
      {several && <option value={several}>{several}</option>}
      {options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  )
}

type AssigneeProps = {
  readonly assignee: string
  readonly reader: string
  readonly onChange: (assignee: string) => void
}

function AssigneeField({ assignee, reader, onChange }: AssigneeProps) {
  return (
    <>
      <datalist id="filter-assignees">
        <option value={reader}>me</option>
      </datalist>
      <input
        key={assignee}
        className="filter-assignee"
        aria-label="Assignee"
        placeholder="Any assignee"
        list="filter-assignees"
        autoComplete="off"
        defaultValue={assignee}
        onChange={({ target }) => {
          // Chosen from the list, or emptied: no need to wait for blur.
          if (target.value === reader || target.value === '') onChange(target.value)
        }}
        onBlur={({ target }) => target.value !== assignee && onChange(target.value)}
        onKeyDown={({ key, currentTarget }) => key === 'Enter' && onChange(currentTarget.value)}
      />
    </>
  )
}
