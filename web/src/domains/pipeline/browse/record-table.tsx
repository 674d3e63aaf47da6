import { memo } from 'react'
import type { ShownRecord } from '#shared/core/streams.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { isText, sayBytes, textOf } from '../record/bytes.ts'

type Props = {
  readonly records: readonly ShownRecord[]
  readonly open: (offset: number) => void
}

/** Records as rows. A click opens one. */
export function RecordTable({ records, open }: Props) {
  return (
    <DataTable caption="Records of the partition" narrow="cards">
      <thead>
        <tr>
          <th scope="col" className="number">
            Offset
          </th>
          <th scope="col">Time</th>
          <th scope="col">Key</th>
          <th scope="col">What it says</th>
          <th scope="col" className="number">
            Size
          </th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <RecordRow key={record.offset} record={record} open={open} />
        ))}
      </tbody>
    </DataTable>
  )
}

const PREVIEW = 120

const RecordRow = memo(
  function RecordRow({ record, open }: { readonly record: ShownRecord; readonly open: Props['open'] }) {
    const { offset, timestamp, key, size } = record
    return (
      <tr data-offset={offset}>
        <th scope="row" className="number">
          <button
            type="button"
            className="pipeline-link"
            aria-label={`Open the record at offset ${offset}`}
            onClick={() => open(offset)}
          >
            {offset}
          </button>
        </th>
        <td data-label="Time">
          <Time value={timestamp} />
        </td>
        <td data-label="Key" className="record-key">
          {key === null ? '—' : sayText(key)}
        </td>
        <td className="wide record-preview">
          <Preview record={record} />
        </td>
        <td className="number" data-label="Size">
          {sayBytes(size)}
        </td>
      </tr>
    )
  },
  (before, after) => before.record === after.record,
)

function Preview({ record: { event, value, problem, ahead, erased } }: { readonly record: ShownRecord }) {
  if (erased !== undefined)
    return (
      <>
        <Badge>Erased</Badge> {event?.type}
      </>
    )
  return (
    <>
      {ahead && (
        <>
          <Badge tone="bad">Ahead</Badge>{' '}
        </>
      )}
      {problem !== undefined && (
        <>
          <Badge tone="bad">Dead letter</Badge>{' '}
        </>
      )}
      {event === null ? (
        sayText(value ?? '')
      ) : (
        <>
          <strong>{event.type}</strong> {event.subject ?? ''} <span className="record-id">{event.id}</span>
        </>
      )}
    </>
  )
}

function sayText(base64: string): string {
  if (base64 === '') return 'no value'
  return isText(base64) ? textOf(base64).slice(0, PREVIEW) : 'not text'
}
