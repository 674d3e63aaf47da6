import { type FormEvent, useState } from 'react'
import type { TopicState } from '#shared/core/streams.ts'
import { describeFailure } from '#web/live/api.ts'
import { formatNumber } from '#web/ui/data/format.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { type BrowsePlace, olderThan, readPlace } from './browse-place.ts'
import { RecordDrawer } from './record-drawer.tsx'
import { RecordTable } from './record-table.tsx'
import { type Records, useRecords } from './use-records.ts'
import './records-panel.css'

/** The records of one partition: from a place on, filtered, or live. */
export function RecordsPanel({ topic }: { readonly topic: TopicState }) {
  const [search, change] = useSearchState()
  const place = readPlace(search)
  const isLive = search.live === '1'
  const [isPaused, setPaused] = useState(false)
  const [turn, setTurn] = useState(0)
  const found = useRecords(topic.name, place, { isLive: isLive && !isPaused, turn })
  const setLive = (live: boolean) => {
    setPaused(false)
    change({ live: live ? '1' : '', ...(live && { offset: '', time: '' }) })
    if (live) setTurn((before) => before + 1)
  }
  const head = (
    <>
      {isLive && (
        <Button small icon={isPaused ? 'play' : 'pause'} onClick={() => setPaused(!isPaused)}>
          {isPaused ? 'Resume' : 'Pause'}
        </Button>
      )}
      <Button small icon={isLive ? 'close' : 'stream'} onClick={() => setLive(!isLive)}>
        {isLive ? 'Stop following' : 'Follow live'}
      </Button>
    </>
  )
  return (
    <Card title="Records" className="records" aside={head}>
      <PlaceBar key={placeKey(place)} topic={topic} place={place} />
      <Body found={found} place={place} isLive={isLive} retry={() => setTurn(turn + 1)} />
      {place.record !== null && (
        <RecordDrawer
          topic={topic.name}
          partition={place.partition}
          offset={place.record}
          onClose={() => change({ record: '' })}
        />
      )}
    </Card>
  )
}

/** The forms begin again with what the address says. */
function placeKey({ record: _, ...place }: BrowsePlace): string {
  return JSON.stringify(place)
}

type BarProps = { readonly topic: TopicState; readonly place: BrowsePlace }

function PlaceBar({ topic, place }: BarProps) {
  const [, change] = useSearchState()
  const { partition, start } = place
  const [offset, setOffset] = useState(start && 'offset' in start ? String(start.offset) : '')
  const [time, setTime] = useState(start && 'time' in start ? start.time : '')
  const [q, setQ] = useState(place.q)
  const [field, setField] = useState(place.field)
  const fieldError =
    field === '' || /^[^=]+=/.test(field) ? null : 'Write a member and its value: data.containerId=BOX-1'
  const { earliest = 0, latest = 0 } = topic.partitions.find((one) => one.partition === partition) ?? {}
  function onSubmit(event: FormEvent) {
    event.preventDefault()
    if (fieldError !== null) return
    // Of the two the one that was changed counts.
    const isByTime = time !== '' && (!(start && 'time' in start) || start.time !== time || offset === '')
    change(
      {
        offset: isByTime ? '' : offset.trim(),
        time: isByTime ? time : '',
        q: q.trim(),
        field: field.trim(),
        live: '',
        record: '',
      },
      'push',
    )
  }
  return (
    <form className="records-bar" aria-label="Where to look" onSubmit={onSubmit}>
      <Field label="Partition">
        <select
          value={partition}
          onChange={({ target }) => change({ partition: target.value, offset: '', record: '' }, 'push')}
        >
          {topic.partitions.map((one) => (
            <option key={one.partition} value={one.partition}>
              {one.partition}
            </option>
          ))}
        </select>
      </Field>
      <Field label="From offset" hint={`${earliest} to ${latest}`}>
        <input
          inputMode="numeric"
          pattern="\d*"
          value={offset}
          onChange={({ target }) => {
            setOffset(target.value)
            setTime('')
          }}
        />
      </Field>
      <Field label="or from a time">
        <input
          type="datetime-local"
          step="1"
          value={time}
          onChange={({ target }) => {
            setTime(target.value)
            setOffset('')
          }}
        />
      </Field>
      <Field label="With the text">
        <input type="search" maxLength={200} value={q} onChange={({ target }) => setQ(target.value)} />
      </Field>
      <Field label="With the member" error={fieldError}>
        <input
          placeholder="data.containerId=BOX-1"
          value={field}
          onChange={({ target }) => setField(target.value)}
        />
      </Field>
      <div className="records-buttons">
        <Button type="submit" look="primary">
          Show
        </Button>
        <Button onClick={() => change({ offset: '', time: '', live: '', record: '' }, 'push')}>Newest</Button>
      </div>
    </form>
  )
}

type BodyProps = {
  readonly found: Records
  readonly place: BrowsePlace
  readonly isLive: boolean
  readonly retry: () => void
}

function Body({ found, place, isLive, retry }: BodyProps) {
  const [, change] = useSearchState()
  const { records, page, error, isLoading } = found
  if (records === null || page === null) {
    if (error === null) return <Loading what="the records" lines={8} />
    return (
      <StateMessage kind="error" title="The records could not be read" detail={describeFailure(error)}>
        <Button onClick={retry}>Try again</Button>
        <Button onClick={() => change({ offset: '', time: '' }, 'push')}>Show the newest</Button>
      </StateMessage>
    )
  }
  const isFiltered = place.q !== '' || place.field !== ''
  const isAtEnd = page.next >= page.latest
  const begin =
    place.start && 'offset' in place.start ? place.start.offset : (records[0]?.offset ?? page.next)
  const older = olderThan(begin, page.earliest, isFiltered)
  const open = (offset: number) => change({ record: String(offset) }, 'push')
  return (
    <div className={isLoading ? 'records-body records-stale' : 'records-body'} aria-busy={isLoading}>
      {error !== null && <p role="alert">{describeFailure(error)}</p>}
      <p className="records-note" role="status">
        {sayFound(found, { isLive, isFiltered, isAtEnd })}
      </p>
      {records.length > 0 && <RecordTable records={isLive ? records.toReversed() : records} open={open} />}
      {!isLive && (
        <div className="records-buttons">
          <Button
            icon="left"
            refused={older === null ? 'These are the oldest records.' : null}
            onClick={() => change({ offset: String(older), time: '' }, 'push')}
          >
            Older
          </Button>
          <Button
            icon="right"
            refused={isAtEnd ? 'These are the newest records.' : null}
            onClick={() => change({ offset: String(page.next), time: '' }, 'push')}
          >
            {isFiltered && records.length === 0 ? 'Look further' : 'Newer'}
          </Button>
        </div>
      )}
    </div>
  )
}

function sayFound(
  { records, page }: Records,
  {
    isLive,
    isFiltered,
    isAtEnd,
  }: { readonly isLive: boolean; readonly isFiltered: boolean; readonly isAtEnd: boolean },
): string {
  const count = records?.length ?? 0
  const next = page?.next ?? 0
  const shown = count === 1 ? '1 record' : `${formatNumber(count)} records`
  if (isLive) return count === 0 ? 'Waiting for records.' : `${shown}, newest first.`
  const end = isAtEnd ? `up to the end at ${next}` : `up to offset ${next}, of ${page?.latest}`
  if (isFiltered) return `${shown} of ${formatNumber(page?.scanned ?? 0)} that were looked at, ${end}.`
  return count === 0 ? `There are no records here, ${end}.` : `${shown}, oldest first, ${end}.`
}
