import { useState } from 'react'
import { DEAD_LETTER_POSITIONS_LIMIT } from '#shared/core/dead-letter.ts'
import { useAccess } from '#web/live/access.tsx'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { rightProblem } from '#web/live/rights.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { ListBody } from '../list-body.tsx'
import { usePages, withQuery } from '../use-pages.ts'
import {
  FILTER_NAMES,
  filterOf,
  filterOfPositions,
  type Letter,
  nameOf,
  readFilters,
  sayCode,
} from './letter.ts'
import { LetterDialog, type LetterJob, sayLetters, useLetterCount } from './letter-dialogs.tsx'
import { LetterDrawer } from './letter-drawer.tsx'
import { LetterFilterBar } from './letter-filters.tsx'
import './dead-letters.css'

type Body = { readonly deadLetters: readonly Letter[]; readonly next: string | null }

const REFRESH_MS = 5000
const NO_FILTERS = Object.fromEntries(FILTER_NAMES.map((name) => [name, '']))

/** The records that could not be processed: found, looked at, mended, replayed and discarded. */
export function DeadLettersTab() {
  const [search, change] = useSearchState()
  const filters = readFilters(search)
  const list = usePages<Body>(withQuery('/dead-letters', filters), REFRESH_MS)
  const letters = list.pages?.flatMap((page) => page.deadLetters) ?? []
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [job, setJob] = useState<LetterJob | null>(null)
  const selected = letters.filter((letter) => chosen.has(nameOf(letter)))
  const isFiltered = FILTER_NAMES.some((name) => name !== 'status' && filters[name] !== '')
  const toggle = (names: readonly string[], isChosen: boolean) => {
    const rest = [...chosen].filter((name) => !names.includes(name))
    setChosen(new Set(isChosen ? [...rest, ...names] : rest))
  }
  const empty = isFiltered ? (
    <StateMessage kind="filtered" title="No dead letter matches this filter">
      <Button onClick={() => change(NO_FILTERS)}>Show all that are open</Button>
    </StateMessage>
  ) : (
    <StateMessage
      kind="empty"
      title={filters.status === 'open' ? 'No dead letters' : `None was ${filters.status}`}
      detail="Records that cannot be processed are listed here, and their partitions go on."
    />
  )
  return (
    <Card title="Dead letters" className="dead-letters" aside={<FreshnessBadge updatedAt={list.updatedAt} />}>
      <LetterFilterBar filters={filters} change={change} />
      <ListBody what="the dead letters" list={list} isEmpty={letters.length === 0} empty={empty}>
        <Actions
          selected={selected}
          status={filters.status}
          all={filterOf(filters)}
          at={letters.map(nameOf).join()}
          onJob={setJob}
        />
        <LetterTable
          letters={letters}
          chosen={chosen}
          toggle={toggle}
          onOpen={(letter) => change({ letter: nameOf(letter) }, 'push')}
        />
      </ListBody>
      {search.letter !== undefined && (
        <LetterDrawer
          key={search.letter}
          name={search.letter}
          onJob={(next) => {
            change({ letter: '' })
            setJob(next)
          }}
          onDone={list.reload}
          onClose={() => change({ letter: '' })}
        />
      )}
      {job && (
        <LetterDialog
          job={job}
          onDone={async () => {
            setChosen(new Set())
            await list.reload()
          }}
          onClose={() => setJob(null)}
        />
      )}
    </Card>
  )
}

type ActionsProps = {
  readonly selected: readonly Letter[]
  readonly status: string
  readonly all: LetterJob['filter']
  /** Changes with the letters. */
  readonly at: string
  readonly onJob: (job: LetterJob) => void
}

/** How many letters match, and what can be done with those that are selected, or with all. */
function Actions({ selected, status, all, at, onJob }: ActionsProps) {
  const user = useAccess()
  const count = useLetterCount(all, at)
  const few = selected.length === 0
  const filter = few ? all : filterOfPositions(selected, status)
  const tooMany =
    selected.length > DEAD_LETTER_POSITIONS_LIMIT
      ? `Select at most ${DEAD_LETTER_POSITIONS_LIMIT}, or none for all that match.`
      : null
  const which = few ? 'all that match' : `${selected.length.toLocaleString('en')} selected`
  return (
    <div className="letter-bar">
      <p role="status">
        {count !== null && typeof count === 'object' ? `${sayLetters(count.count)} match` : ''}
      </p>
      <Button
        small
        icon="refresh"
        refused={rightProblem(user, 'dead-letters.replay') ?? tooMany}
        onClick={() => onJob({ deed: 'replay', filter })}
      >
        {`Replay ${which}`}
      </Button>
      {status === 'open' && (
        <Button
          small
          icon="trash"
          refused={rightProblem(user, 'dead-letters.discard') ?? tooMany}
          onClick={() => onJob({ deed: 'discard', filter })}
        >
          {`Discard ${which}`}
        </Button>
      )}
    </div>
  )
}

type TableProps = {
  readonly letters: readonly Letter[]
  readonly chosen: ReadonlySet<string>
  readonly toggle: (names: readonly string[], isChosen: boolean) => void
  readonly onOpen: (letter: Letter) => void
}

function LetterTable({ letters, chosen, toggle, onOpen }: TableProps) {
  const names = letters.map(nameOf)
  return (
    <DataTable caption="Dead letters, newest first" narrow="cards">
      <thead>
        <tr>
          <th scope="col">
            <input
              type="checkbox"
              aria-label="Select all that are shown"
              checked={names.length > 0 && names.every((name) => chosen.has(name))}
              onChange={({ target }) => toggle(names, target.checked)}
            />
          </th>
          {['Position', 'Reason', 'Event', 'Found', 'Tries'].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {letters.map((letter) => {
          const name = nameOf(letter)
          return (
            <tr key={name}>
              <td>
                <input
                  type="checkbox"
                  aria-label={`Select ${name}`}
                  checked={chosen.has(name)}
                  onChange={({ target }) => toggle([name], target.checked)}
                />
              </td>
              <th scope="row">
                <button type="button" className="pipeline-link" onClick={() => onOpen(letter)}>
                  {name}
                </button>
              </th>
              <td className="wide letter-why" data-label="Reason">
                <Badge tone={letter.status === 'open' ? 'bad' : 'plain'}>{sayCode(letter.code)}</Badge>{' '}
                {letter.reason}
              </td>
              <td className="letter-event" data-label="Event">
                {letter.type ?? '—'}
                <small className="pipeline-note">{letter.source}</small>
              </td>
              <td data-label="Found">
                <Time value={letter.found ?? letter.timestamp} />
                <small className="pipeline-note">{`by ${letter.consumer}`}</small>
              </td>
              <td className="number" data-label="Tries">
                {letter.attempts}
              </td>
            </tr>
          )
        })}
      </tbody>
    </DataTable>
  )
}
