import { useEffect, useState } from 'react'
import type { BrowsedPage, ShownRecord } from '#shared/core/streams.ts'
import { describeFailure, useApi } from '#web/live/api.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { sayBytes, textOf } from '../record/bytes.ts'
import { RecordView } from '../record/record-view.tsx'
import { recordAddress } from './browse-place.ts'

type Props = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly onClose: () => void
}

const SIGNATURES = {
  signed: 'written by Tidewire',
  unsigned: 'not written by Tidewire',
  forged: 'has a forged signature',
} as const

/** One record, read alone so that its value is whole. */
export function RecordDrawer({ topic, partition, offset, onClose }: Props) {
  const api = useApi()
  const [found, setFound] = useState<{ record: ShownRecord | null; error: unknown }>({
    record: null,
    error: null,
  })
  useEffect(() => {
    const left = new AbortController()
    const { signal } = left
    setFound({ record: null, error: null })
    api
      .get<BrowsedPage>(recordAddress(topic, partition, offset), { signal })
      .then(({ records: [record] }) => {
        const isIt = record?.offset === offset
        setFound(isIt ? { record, error: null } : { record: null, error: new Error(GONE) })
      })
      .catch((error: unknown) => signal.aborted || setFound({ record: null, error }))
    return () => left.abort()
  }, [api, topic, partition, offset])
  const { record, error } = found
  return (
    <Dialog
      open
      shape="drawer"
      title={`Offset ${offset}`}
      lead={`A record of ${topic}, partition ${partition}.`}
      onClose={onClose}
    >
      {error !== null ? (
        <StateMessage kind="error" title="The record could not be read" detail={describeFailure(error)} />
      ) : record === null ? (
        <Loading what="the record" lines={8} />
      ) : (
        <Shown record={record} />
      )}
    </Dialog>
  )
}

const GONE = 'Kafka has no record at this offset: it has expired, or is a marker of a transaction.'

function Shown({ record }: { readonly record: ShownRecord }) {
  const { timestamp, key, size, signature, problem, ahead, erased } = record
  return (
    <>
      {erased !== undefined && (
        <p>
          <Badge>Erased</Badge> The data of this event was erased <Time value={erased} full />. Only what is
          left of it is shown.
        </p>
      )}
      {ahead && (
        <p>
          <Badge tone="bad">Ahead</Badge> The time of this event is too far ahead of its record: it moves
          nothing.
        </p>
      )}
      {problem !== undefined && (
        <p>
          <Badge tone="bad">Dead letter</Badge> {problem}
        </p>
      )}
      <dl className="record-facts">
        <div>
          <dt>Time</dt>
          <dd>
            <Time value={timestamp} full />
          </dd>
        </div>
        <div>
          <dt>Key</dt>
          <dd>{key === null ? '—' : textOf(key)}</dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd>{sayBytes(size)}</dd>
        </div>
        <div>
          <dt>Origin</dt>
          <dd>{SIGNATURES[signature]}</dd>
        </div>
      </dl>
      <RecordView record={record} />
    </>
  )
}
