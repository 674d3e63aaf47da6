import type { Streams } from '#shared/core/streams.ts'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Icon } from '#web/ui/data/icon.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { addressOf } from '../pipeline-address.ts'
import { PlaceLink } from '../place-link.tsx'
import { StreamsAge, StreamsBody } from '../streams/use-streams.tsx'
import { COLUMNS, type Column, isInternal, sortRows, topicRows } from './sort-topics.ts'
import './topics-tab.css'

/** All topics, sortable. */
export function TopicList() {
  return (
    <Card title="Topics" aside={<StreamsAge />}>
      <StreamsBody>{(streams) => <Topics streams={streams} />}</StreamsBody>
    </Card>
  )
}

function Topics({ streams }: { readonly streams: Streams }) {
  const [{ q = '', sort = '', turned = '', internal = '' }, change] = useSearchState()
  const column = COLUMNS.find(([name]) => name === sort)?.[0] ?? 'name'
  const rows = topicRows(streams)
  const shown = rows.filter(({ name }) => name.includes(q) && (internal !== '' || !isInternal(name)))
  const hasInternal = rows.some(({ name }) => isInternal(name))
  const sortBy = (name: Column) =>
    change({ sort: name === 'name' ? '' : name, turned: name === column && turned === '' ? '1' : '' })
  if (rows.length === 0) return <StateMessage kind="empty" title="Kafka has no topics" />
  return (
    <>
      <search className="pipeline-filters">
        <input
          type="search"
          aria-label="Part of a topic's name"
          placeholder="Find a topic"
          value={q}
          onChange={({ target }) => change({ q: target.value })}
        />
        {hasInternal && (
          <label className="pipeline-check">
            <input
              type="checkbox"
              checked={internal !== ''}
              onChange={({ target }) => change({ internal: target.checked ? '1' : '' })}
            />
            Also those of Kafka itself
          </label>
        )}
      </search>
      {shown.length === 0 ? (
        <StateMessage kind="filtered" title="No topic matches">
          <Button onClick={() => change({ q: '' })}>Show every topic</Button>
        </StateMessage>
      ) : (
        <DataTable caption="Topics of Kafka" narrow="cards">
          <thead>
            <tr>
              {COLUMNS.map(([name, label]) => (
                <SortHead
                  key={name}
                  label={label}
                  isNumber={name !== 'name'}
                  order={name !== column ? null : (name === 'name') === (turned === '') ? 'up' : 'down'}
                  onSort={() => sortBy(name)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {sortRows(shown, column, turned !== '').map(
              ({ name, partitions, records, rate, groups, lag }) => (
                <tr key={name}>
                  <th scope="row" className="topic-name">
                    <PlaceLink to={addressOf('topics', { topic: name })}>{name}</PlaceLink>
                  </th>
                  {[
                    ['Partitions', partitions],
                    ['Records', records],
                    ['Records/s', rate],
                    ['Groups', groups],
                    ['Largest lag', lag],
                  ].map(([label, value]) => (
                    <td key={label} className="number" data-label={label}>
                      {formatNumber(Number(value))}
                    </td>
                  ))}
                </tr>
              ),
            )}
          </tbody>
        </DataTable>
      )}
    </>
  )
}

type SortHeadProps = {
  readonly label: string
  readonly isNumber: boolean
  readonly order: 'up' | 'down' | null
  readonly onSort: () => void
}

function SortHead({ label, isNumber, order, onSort }: SortHeadProps) {
  const sorted = order === null ? undefined : order === 'up' ? 'ascending' : 'descending'
  return (
    <th scope="col" className={isNumber ? 'number' : undefined} aria-sort={sorted}>
      <button type="button" className="sort-button" onClick={onSort}>
        {label}
        {order !== null && <Icon name={order === 'up' ? 'up' : 'down'} size={14} />}
      </button>
    </th>
  )
}
