import { Buffer, isUtf8 } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import type { DeadLetter } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { timeText } from '../lib/parse-time.ts'
import { printable } from '../lib/printable.ts'
import { paint } from '../lib/show-table.ts'
import { positionText } from './letter-filter.ts'

/** A dead letter as `GET /dead-letters` returns it; a single one also has the event, if it can be decoded. */
export type Letter = DeadLetter & { readonly event?: CloudEvent | null }

/** How the value of a record is shown. */
export const FORMS = ['decoded', 'text', 'hex'] as const
export type Form = (typeof FORMS)[number]

const LABEL_WIDTH = 10
const BYTES_OF_LINE = 16

/** Prints a dead letter: what is known of it, and its value as the event, as text, or as bytes. */
export function showLetter(letter: Letter, form: Form, context: CliContext): void {
  const { stdout } = context
  for (const [label, text] of factsOf(letter))
    stdout.write(`${paint(label.padEnd(LABEL_WIDTH), 'bold', context)}${printable(text)}\n`)
  for (const { name, value } of letter.headers)
    stdout.write(
      `${paint('header'.padEnd(LABEL_WIDTH), 'bold', context)}${printable(`${name}: ${shownBytes(value)}`)}\n`,
    )
  stdout.write('\n')
  for (const line of valueLines(letter, form)) stdout.write(`${line}\n`)
  if (letter.truncated) context.stderr.write('the value is longer: what is kept of it is cut\n')
}

function factsOf(letter: Letter): readonly (readonly [string, string])[] {
  const {
    reason,
    code,
    consumer,
    attempts,
    found,
    timestamp,
    key,
    type,
    source,
    id,
    trace,
    status,
    settled,
  } = letter
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['position', positionText(letter)],
    ['reason', `${reason} (${code})`],
    ['status', settled ? describeSettled(status, settled) : status],
    ['found', `${timeText(found)} by ${consumer}, after ${attempts} ${attempts === 1 ? 'try' : 'tries'}`],
    ['written', timeText(timestamp)],
    ['key', key === null ? undefined : shownBytes(key)],
    ['type', type],
    ['source', source],
    ['id', id],
    ['trace', trace],
  ]
  return facts.flatMap(([label, text]) => (text === undefined ? [] : [[label, text] as const]))
}

function describeSettled(status: string, { at, by, reason, replay }: NonNullable<Letter['settled']>): string {
  const why = reason === undefined ? '' : `: ${reason}`
  const how = replay === undefined ? '' : ` (replay ${replay})`
  return `${status} ${timeText(at)} by ${by}${how}${why}`
}

function valueLines({ value, event }: Letter, form: Form): readonly string[] {
  if (value === null) return ['(no value: a tombstone)']
  const bytes = Buffer.from(value, 'base64')
  if (form === 'decoded' && event) return JSON.stringify(event, null, 2).split('\n').map(printable)
  if (form !== 'hex' && isUtf8(bytes)) return bytes.toString().split('\n').map(printable)
  return hexLines(bytes)
}

/** A line for each 16 bytes: their offset, their values, and their characters. */
function hexLines(bytes: Buffer): readonly string[] {
  return Array.from({ length: Math.ceil(bytes.length / BYTES_OF_LINE) }, (_, line) => {
    const part = bytes.subarray(line * BYTES_OF_LINE, (line + 1) * BYTES_OF_LINE)
    const values = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const characters = [...part]
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('')
    const at = (line * BYTES_OF_LINE).toString(16).padStart(8, '0')
    return `${at}  ${values.padEnd(BYTES_OF_LINE * 3 - 1)}  |${characters}|`
  })
}

/** The text of base64, or its bytes in hexadecimal if it is none. */
function shownBytes(base64: string): string {
  const bytes = Buffer.from(base64, 'base64')
  return isUtf8(bytes) ? bytes.toString() : `0x${bytes.toString('hex')}`
}
