import { useState } from 'react'
import type { CloudEvent } from '#shared/core/event.ts'
import { exactEvent } from '#shared/core/json/received-event.ts'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Segments } from '#web/ui/form/segments.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { bytesOf, hexLines, isText, prettyText, sayBytes, textOf } from './bytes.ts'
import './record-view.css'

/** The bytes of a record, in base64, and what they say. */
export type RecordBytes = {
  readonly key: string | null
  readonly headers: readonly { readonly name: string; readonly value: string | null }[]
  readonly value: string | null
  /** Whether the value is cut. */
  readonly truncated: boolean
  /** The decoded event, if it is one, and its data with the digits that its numbers lost. */
  readonly event: CloudEvent | null
  readonly dataJson?: string
}

const WAYS = [
  ['event', 'Decoded'],
  ['headers', 'Headers'],
  ['text', 'Text'],
  ['hex', 'Hex'],
] as const
type Way = (typeof WAYS)[number][0]

/** A hex dump shows so many bytes at most. */
const MOST_HEX_BYTES = 16 * 1024

/** A record: its event, its headers, and its bytes as text and in hex. */
export function RecordView({ record }: { readonly record: RecordBytes }) {
  const [way, setWay] = useState<Way>(record.event === null ? 'text' : 'event')
  return (
    <div className="record">
      <Segments label="Show the record as" value={way} options={WAYS} onChange={setWay} />
      <Shown record={record} way={way} />
      {record.truncated && way !== 'headers' && (
        <p className="record-note">The value is longer than what is shown here.</p>
      )}
    </div>
  )
}

function Shown({ record, way }: { readonly record: RecordBytes; readonly way: Way }) {
  const { event, dataJson, headers, value } = record
  if (way === 'headers') return <Headers headers={headers} />
  if (way === 'event')
    return event === null ? (
      <StateMessage
        kind="empty"
        title="This record is no CloudEvent"
        detail="Look at its text or its bytes."
      />
    ) : (
      <Code label="The decoded event" text={JSON.stringify(exactEvent({ event, dataJson }), null, 2)} />
    )
  if (value === null) return <StateMessage kind="empty" title="The record has no value" />
  if (way === 'text') return <Code label="The value as text" text={prettyText(textOf(value))} />
  const bytes = bytesOf(value)
  return (
    <>
      <Code label="The value in hex" text={hexLines(bytes, MOST_HEX_BYTES).join('\n')} />
      {bytes.length > MOST_HEX_BYTES && (
        <p className="record-note">{`The first ${sayBytes(MOST_HEX_BYTES)} of ${sayBytes(bytes.length)}.`}</p>
      )}
    </>
  )
}

/** Text that may scroll, so it can be reached by the keyboard. */
function Code({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: it is not part of a form
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reached by the keyboard
    <pre className="record-code" role="group" aria-label={label} tabIndex={0}>
      {text}
    </pre>
  )
}

function Headers({ headers }: Pick<RecordBytes, 'headers'>) {
  if (headers.length === 0) return <StateMessage kind="empty" title="The record has no headers" />
  return (
    <DataTable caption="Headers of the record">
      <thead>
        <tr>
          <th scope="col">Header</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {headers.map(({ name, value }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: names may repeat, and the order never changes
          <tr key={index}>
            <th scope="row">{name}</th>
            <td className="record-value">{sayValue(value)}</td>
          </tr>
        ))}
      </tbody>
    </DataTable>
  )
}

function sayValue(value: string | null): string {
  if (value === null) return 'not shown'
  if (value === '') return 'empty'
  return isText(value) ? textOf(value) : `${sayBytes(bytesOf(value).length)}, not text`
}
