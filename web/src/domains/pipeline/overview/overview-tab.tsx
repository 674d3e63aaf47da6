import type { Streams } from '#shared/core/streams.ts'
import { useAccess } from '#web/live/access.tsx'
import { isAllowed } from '#web/live/rights.ts'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { addressOf } from '../pipeline-address.ts'
import { PlaceLink } from '../place-link.tsx'
import { LagBadge, sayLagAge } from '../streams/lag-words.tsx'
import { StreamsAge, StreamsBody, useStreams } from '../streams/use-streams.tsx'
import { HopLatencies } from './hop-latencies.tsx'
import { useCounts } from './use-counts.ts'
import './overview-tab.css'

/** A list shows so many of the largest. */
const LARGEST = 6

/** What the pipeline does now. */
export function OverviewTab() {
  return (
    <>
      <Card title="Kafka" aside={<StreamsAge />}>
        <StreamsBody>{(streams) => <Totals streams={streams} />}</StreamsBody>
      </Card>
      <div className="overview-pair">
        <Card title="Groups by lag" aside={<PlaceLink to={addressOf('groups')}>All groups</PlaceLink>}>
          <StreamsBody>{(streams) => <LaggingGroups streams={streams} />}</StreamsBody>
        </Card>
        <Card title="Topics by rate" aside={<PlaceLink to={addressOf('topics')}>All topics</PlaceLink>}>
          <StreamsBody>{(streams) => <BusyTopics streams={streams} />}</StreamsBody>
        </Card>
      </div>
      <HopLatencies />
    </>
  )
}

function Totals({ streams: { brokers, topics, groups } }: { readonly streams: Streams }) {
  const { letters, connections } = useCounts()
  const user = useAccess()
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const lag = sum(groups.map((group) => group.lag))
  const oldest = Math.max(0, ...groups.map(({ lagMs }) => lagMs ?? 0))
  return (
    <dl className="overview-totals">
      <Total name="Brokers" value={formatNumber(brokers.length)} note={brokers.map(sayBroker).join(', ')} />
      <Total
        name="Topics"
        value={formatNumber(topics.length)}
        note={`${formatNumber(sum(topics.map(({ partitions }) => partitions.length)))} partitions`}
        to={addressOf('topics')}
      />
      <Total
        name="Records"
        value={formatNumber(sum(topics.map(({ records }) => records)))}
        note="in Kafka now"
      />
      <Total
        name="Records/s"
        value={formatNumber(sum(topics.map(({ recordsPerSecond }) => recordsPerSecond)))}
        note="in the last minute"
      />
      <Total
        name="Lag"
        value={formatNumber(lag)}
        note={`of ${groups.length} groups, oldest ${sayLagAge({ lag, lagMs: oldest })}`}
        to={addressOf('groups')}
      />
      {isAllowed(user, 'dead-letters.read') && (
        <Total name="Dead letters" value={letters ?? '…'} note="open" to={addressOf('dead-letters')} />
      )}
      <Total
        name="Connections"
        value={connections === null ? '…' : formatNumber(connections)}
        note="open"
        {...(isAllowed(user, 'connections.read') && { to: addressOf('connections') })}
      />
    </dl>
  )
}

function sayBroker({ host, port }: Streams['brokers'][number]): string {
  return `${host}:${port}`
}

type TotalProps = {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly to?: string
}

function Total({ name, value, note, to }: TotalProps) {
  return (
    <div className="overview-total">
      <dt>{to === undefined ? name : <PlaceLink to={to}>{name}</PlaceLink>}</dt>
      <dd>
        <strong>{value}</strong>
        <small>{note}</small>
      </dd>
    </div>
  )
}

function LaggingGroups({ streams: { groups } }: { readonly streams: Streams }) {
  const { lags } = useStreams()
  const largest = groups
    .toSorted((left, right) => (right.lagMs ?? 0) - (left.lagMs ?? 0) || right.lag - left.lag)
    .slice(0, LARGEST)
  if (largest.length === 0) return <StateMessage kind="empty" title="There are no consumer groups" />
  return (
    <DataTable caption="The consumer groups with the oldest lag" narrow="cards">
      <Head names={['Group', 'State of the lag']} numbers={['Lag', 'Oldest']} />
      <tbody>
        {largest.map((group) => (
          <tr key={group.name}>
            <th scope="row" className="overview-name">
              <PlaceLink to={addressOf('groups', { group: group.name })}>{group.name}</PlaceLink>
            </th>
            <td>
              <LagBadge samples={lags.get(group.name)} />
            </td>
            <td className="number" data-label="Lag">
              {formatNumber(group.lag)}
            </td>
            <td className="number" data-label="Oldest">
              {sayLagAge(group)}
            </td>
          </tr>
        ))}
      </tbody>
    </DataTable>
  )
}

function BusyTopics({ streams: { topics } }: { readonly streams: Streams }) {
  const busiest = topics
    .filter(({ name }) => !name.startsWith('__'))
    .toSorted((left, right) => right.recordsPerSecond - left.recordsPerSecond || right.records - left.records)
    .slice(0, LARGEST)
  if (busiest.length === 0) return <StateMessage kind="empty" title="There are no topics" />
  return (
    <DataTable caption="The topics with the most records per second" narrow="cards">
      <Head names={['Topic']} numbers={['Records/s', 'Records']} />
      <tbody>
        {busiest.map(({ name, records, recordsPerSecond }) => (
          <tr key={name}>
            <th scope="row" className="overview-name">
              <PlaceLink to={addressOf('topics', { topic: name })}>{name}</PlaceLink>
            </th>
            <td className="number" data-label="Records/s">
              {formatNumber(recordsPerSecond)}
            </td>
            <td className="number" data-label="Records">
              {formatNumber(records)}
            </td>
          </tr>
        ))}
      </tbody>
    </DataTable>
  )
}

function Head({
  names,
  numbers,
}: {
  readonly names: readonly string[]
  readonly numbers: readonly string[]
}) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
        {numbers.map((name) => (
          <th key={name} scope="col" className="number">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  )
}
