import { lazy, Suspense } from 'react'
import type { GroupState, Streams } from '#shared/core/streams.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Sparkline } from '#web/ui/data/sparkline.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { judgeGroup, type LagSample } from '../streams/judge-group.ts'
import { LagBadge, sayDuration, sayLagAge } from '../streams/lag-words.tsx'
import { StreamsAge, StreamsBody, useStreams } from '../streams/use-streams.tsx'
import './groups-tab.css'

const LineChart = lazy(() =>
  import('#web/ui/data/line-chart.tsx').then(({ LineChart: component }) => ({ default: component })),
)

/** The consumer groups with their lag, and one of them in full. */
export function GroupsTab() {
  return (
    <StreamsBody>
      {(streams) => (
        <>
          <Detail streams={streams} />
          <Card title="Consumer groups" aside={<StreamsAge />}>
            <Groups streams={streams} />
          </Card>
        </>
      )}
    </StreamsBody>
  )
}

function Groups({ streams: { groups } }: { readonly streams: Streams }) {
  const [{ q = '', lagging = '' }, change] = useSearchState()
  const { lags } = useStreams()
  const isBehind = ({ name }: GroupState) => judgeGroup(lags.get(name) ?? []) !== 'normal'
  const shown = groups
    .filter((group) => group.name.includes(q) && (lagging === '' || isBehind(group)))
    .sort((left, right) => Number(isBehind(right)) - Number(isBehind(left)))
  if (groups.length === 0) return <StateMessage kind="empty" title="There are no consumer groups" />
  return (
    <>
      <search className="pipeline-filters">
        <input
          type="search"
          aria-label="Part of a group's name"
          placeholder="Find a group"
          value={q}
          onChange={({ target }) => change({ q: target.value })}
        />
        <label className="pipeline-check">
          <input
            type="checkbox"
            checked={lagging !== ''}
            onChange={({ target }) => change({ lagging: target.checked ? '1' : '' })}
          />
          Only those that lag or have just recovered
        </label>
      </search>
      {shown.length === 0 ? (
        <StateMessage kind="filtered" title="No group matches">
          <Button onClick={() => change({ q: '', lagging: '' })}>Show every group</Button>
        </StateMessage>
      ) : (
        <DataTable caption="Consumer groups with their lag" narrow="cards">
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col">State</th>
              <th scope="col">Lag is</th>
              {['Members', 'Lag', 'Oldest'].map((name) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ))}
              <th scope="col">Since the page was opened</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((group) => (
              <GroupRow key={group.name} group={group} samples={lags.get(group.name) ?? []} />
            ))}
          </tbody>
        </DataTable>
      )}
    </>
  )
}

function GroupRow({
  group,
  samples,
}: {
  readonly group: GroupState
  readonly samples: readonly LagSample[]
}) {
  const [, change] = useSearchState()
  const { name, state, members, lag } = group
  return (
    <tr>
      <th scope="row">
        <button type="button" className="pipeline-link" onClick={() => change({ group: name }, 'push')}>
          {name}
        </button>
      </th>
      <td data-label="State">{sayState(state)}</td>
      <td>
        <LagBadge samples={samples} />
      </td>
      <td className="number" data-label="Members">
        {members.length}
      </td>
      <td className="number" data-label="Lag">
        {formatNumber(lag)}
      </td>
      <td className="number" data-label="Oldest">
        {sayLagAge(group)}
      </td>
      <td className="groups-line">
        <Sparkline values={samples.map((sample) => sample.lag)} label={sayTrend(samples)} />
      </td>
    </tr>
  )
}

/** What a group does, in words; what Kafka calls it otherwise. */
function sayState(state: string): string {
  const words: Readonly<Record<string, string>> = {
    Stable: 'Reading',
    Empty: 'No members',
    PreparingRebalance: 'Rebalancing',
    CompletingRebalance: 'Rebalancing',
    Dead: 'Gone',
  }
  return words[state] ?? state
}

function sayTrend(samples: readonly LagSample[]): string {
  const values = samples.map(({ lag }) => lag)
  return `Lag since the page was opened: ${formatNumber(values.at(-1) ?? 0)} now, ${formatNumber(Math.max(0, ...values))} maximum`
}

/** The group that the address names. */
function Detail({ streams: { groups } }: { readonly streams: Streams }) {
  const [{ group: name = '' }, change] = useSearchState()
  const { lags } = useStreams()
  if (name === '') return null
  const close = (
    <Button small icon="close" onClick={() => change({ group: '' })}>
      Close
    </Button>
  )
  const group = groups.find((one) => one.name === name)
  if (group === undefined)
    return (
      <Card title={name} aside={close}>
        <StateMessage kind="empty" title="Kafka has no such group" detail="It may have been deleted." />
      </Card>
    )
  const samples = lags.get(name) ?? []
  return (
    <Card title={name} className="group-detail" aside={close}>
      <p className="group-facts">
        <LagBadge samples={samples} /> {sayState(group.state)}, {sayBehind(group)}
      </p>
      {samples.length > 1 && (
        <Suspense fallback={<Loading what="the chart" />}>
          <LineChart
            label={sayTrend(samples)}
            times={samples.map(({ at }) => at / 1000)}
            series={[{ label: 'records behind', values: samples.map(({ lag }) => lag), color: 'accent' }]}
            height={130}
          />
        </Suspense>
      )}
      <Partitions group={group} />
      <Members group={group} />
    </Card>
  )
}

function sayBehind({ lag, lagMs }: GroupState): string {
  const behind = `${formatNumber(lag)} ${lag === 1 ? 'record' : 'records'} behind`
  return lag === 0 || lagMs === null ? `${behind}.` : `${behind}; the oldest is ${sayDuration(lagMs)} old.`
}

function Partitions({ group: { offsets, members } }: { readonly group: GroupState }) {
  const readerOf = (topic: string, partition: number) =>
    members.find(({ partitions }) =>
      partitions.some((one) => one.topic === topic && one.partition === partition),
    )
  if (offsets.length === 0)
    return <StateMessage kind="empty" title="It has committed nothing in a topic that is there" />
  return (
    <DataTable caption="How far the group is in each partition" narrow="cards">
      <thead>
        <tr>
          <th scope="col">Partition</th>
          {['Committed', 'End', 'Lag', 'Oldest'].map((name) => (
            <th key={name} scope="col" className="number">
              {name}
            </th>
          ))}
          <th scope="col">Member</th>
        </tr>
      </thead>
      <tbody>
        {offsets.map(({ topic, partition, committed, end, lag, lagMs }) => (
          <tr key={`${topic}/${partition}`}>
            <th scope="row">{`${topic}/${partition}`}</th>
            <td className="number" data-label="Committed">
              {committed ?? '—'}
            </td>
            <td className="number" data-label="End">
              {end}
            </td>
            <td className="number" data-label="Lag">
              {lag === null ? 'unknown' : formatNumber(lag)}
            </td>
            <td className="number" data-label="Oldest">
              {lag === 0 ? 'none' : sayDuration(lagMs)}
            </td>
            <td data-label="Member">{readerOf(topic, partition)?.client ?? 'nobody'}</td>
          </tr>
        ))}
      </tbody>
    </DataTable>
  )
}

function Members({ group: { members } }: { readonly group: GroupState }) {
  if (members.length === 0) return null
  return (
    <DataTable caption="The members of the group" narrow="cards">
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col">From</th>
          <th scope="col" className="number">
            Partitions
          </th>
        </tr>
      </thead>
      <tbody>
        {members.map(({ id, client, host, partitions }) => (
          <tr key={id}>
            <th scope="row" className="group-member">
              {client} <small>{id}</small>
            </th>
            <td data-label="From">{host}</td>
            <td className="number" data-label="Partitions">
              <Badge>{String(partitions.length)}</Badge>
            </td>
          </tr>
        ))}
      </tbody>
    </DataTable>
  )
}
