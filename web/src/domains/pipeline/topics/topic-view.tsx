import { useEffect, useState } from 'react'
import type { GroupState, TopicDescription } from '#shared/core/streams.ts'
import { useAccess } from '#web/live/access.tsx'
import { ApiError, describeFailure, useApi } from '#web/live/api.ts'
import { isAllowed } from '#web/live/rights.ts'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Card } from '#web/ui/layout/card.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { RecordsPanel } from '../browse/records-panel.tsx'
import { addressOf } from '../pipeline-address.ts'
import { PlaceLink } from '../place-link.tsx'
import { LagBadge, sayDuration } from '../streams/lag-words.tsx'
import { StreamsAge, useStreams } from '../streams/use-streams.tsx'
import './topics-tab.css'

type Loaded = { readonly topic: TopicDescription | null; readonly error: unknown }

/** A topic: its records, its partitions, the groups that read it, and its settings. */
export function TopicView({ name }: { readonly name: string }) {
  const api = useApi()
  const user = useAccess()
  const { streams } = useStreams()
  const [{ topic, error }, setLoaded] = useState<Loaded>({ topic: null, error: null })
  useEffect(() => {
    const left = new AbortController()
    const { signal } = left
    api
      .get<TopicDescription>(`/streams/${encodeURIComponent(name)}`, { signal })
      .then((found) => setLoaded({ topic: found, error: null }))
      .catch((cause: unknown) => signal.aborted || setLoaded({ topic: null, error: cause }))
    return () => left.abort()
  }, [api, name])

  const back = <PlaceLink to={addressOf('topics')}>All topics</PlaceLink>
  if (error !== null)
    return (
      <Card title={name} aside={back}>
        {error instanceof ApiError && error.problem.status === 404 ? (
          <StateMessage kind="empty" title="Kafka has no such topic" detail={describeFailure(error)} />
        ) : (
          <StateMessage kind="error" title="The topic could not be read" detail={describeFailure(error)} />
        )}
      </Card>
    )
  if (topic === null)
    return (
      <Card title={name} aside={back}>
        <Loading what="the topic" lines={6} />
      </Card>
    )
  // Offsets and lags go on: those of the last look at the whole cluster.
  const live = streams?.topics.find((one) => one.name === name) ?? topic
  const groups = (streams?.groups ?? topic.groups).filter(({ offsets }) =>
    offsets.some((one) => one.topic === name),
  )
  return (
    <>
      <Card
        title={name}
        aside={
          <>
            <StreamsAge />
            {back}
          </>
        }
      >
        <p className="topic-facts">
          {`${formatNumber(live.records)} records in ${live.partitions.length} partitions, ${formatNumber(live.recordsPerSecond)} records/s in the last minute.`}
        </p>
        <Partitions topic={live} />
      </Card>
      {isAllowed(user, 'streams.read') ? (
        <RecordsPanel topic={live} />
      ) : (
        <Card title="Records">
          <StateMessage
            kind="denied"
            title="Records are for admins"
            detail="They may be of anybody. It takes the role admin to read them."
          />
        </Card>
      )}
      <div className="topic-pair">
        <Card title="Groups that read it">
          <Readers topic={name} groups={groups} />
        </Card>
        <Card title="Settings">
          <Settings topic={topic} />
        </Card>
      </div>
    </>
  )
}

function Partitions({
  topic: { name, partitions },
}: {
  readonly topic: Pick<TopicDescription, 'name' | 'partitions'>
}) {
  return (
    <DataTable caption={`Partitions of ${name}`} narrow="cards">
      <thead>
        <tr>
          <th scope="col">Partition</th>
          {['Earliest', 'Latest', 'Records', 'Leader', 'In sync'].map((label) => (
            <th key={label} scope="col" className="number">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {partitions.map(({ partition, earliest, latest, leader, replicas, inSync }) => (
          <tr key={partition}>
            <th scope="row">
              <PlaceLink to={addressOf('topics', { topic: name, partition: String(partition) })}>
                {`Partition ${partition}`}
              </PlaceLink>
            </th>
            <td className="number" data-label="Earliest">
              {earliest}
            </td>
            <td className="number" data-label="Latest">
              {latest}
            </td>
            <td className="number" data-label="Records">
              {formatNumber(Math.max(0, latest - earliest))}
            </td>
            <td className="number" data-label="Leader">
              {leader}
            </td>
            <td className="number" data-label="In sync">
              {`${inSync.length} of ${replicas.length}`}
            </td>
          </tr>
        ))}
      </tbody>
    </DataTable>
  )
}

function Readers({ topic, groups }: { readonly topic: string; readonly groups: readonly GroupState[] }) {
  const { lags } = useStreams()
  if (groups.length === 0) return <StateMessage kind="empty" title="No group reads it" />
  return (
    <DataTable caption="Groups that read the topic" narrow="cards">
      <thead>
        <tr>
          <th scope="col">Group</th>
          <th scope="col">Lag is</th>
          <th scope="col" className="number">
            Lag here
          </th>
          <th scope="col" className="number">
            Oldest
          </th>
        </tr>
      </thead>
      <tbody>
        {groups.map(({ name, offsets }) => {
          const own = offsets.filter((one) => one.topic === topic)
          const lag = own.reduce((sum, one) => sum + (one.lag ?? 0), 0)
          return (
            <tr key={name}>
              <th scope="row" className="topic-name">
                <PlaceLink to={addressOf('groups', { group: name })}>{name}</PlaceLink>
              </th>
              <td>
                <LagBadge samples={lags.get(name)} />
              </td>
              <td className="number" data-label="Lag here">
                {formatNumber(lag)}
              </td>
              <td className="number" data-label="Oldest">
                {lag === 0 ? 'none' : sayDuration(Math.max(...own.map(({ lagMs }) => lagMs ?? 0)))}
              </td>
            </tr>
          )
        })}
      </tbody>
    </DataTable>
  )
}

/** Those that were set for the topic come first. */
function Settings({ topic: { config } }: { readonly topic: TopicDescription }) {
  const sorted = config.toSorted((left, right) => Number(left.isDefault) - Number(right.isDefault))
  if (sorted.length === 0) return <StateMessage kind="empty" title="Kafka tells no settings" />
  return (
    <DataTable caption="Settings of the topic">
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Value</th>
          <th scope="col">From</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map(({ name, value, isDefault }) => (
          <tr key={name}>
            <th scope="row" className="topic-name">
              {name}
            </th>
            <td className="topic-value">{value === null ? 'a secret' : value === '' ? 'empty' : value}</td>
            <td>{isDefault ? 'the cluster' : 'the topic'}</td>
          </tr>
        ))}
      </tbody>
    </DataTable>
  )
}
