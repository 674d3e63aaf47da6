import {
  DEAD_LETTER_POSITIONS_LIMIT,
  type DeadLetterCode,
  type DeadLetterConsumer,
  type DeadLetterStatus,
} from '#shared/core/dead-letter.ts'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { digitsOf, parseExactJson } from '#shared/core/json/exact-json.ts'
import { exactEvent } from '#shared/core/json/received-event.ts'

/** A dead letter as `GET /dead-letters` lists it. Bytes are in base64. */
export type Letter = Position & {
  /** When the record was written, and when it was found; milliseconds since 1970. */
  readonly timestamp: number
  readonly found?: number
  readonly reason: string
  readonly code: DeadLetterCode
  readonly consumer: DeadLetterConsumer
  readonly attempts: number
  readonly key: string | null
  readonly value: string | null
  readonly truncated: boolean
  readonly headers?: readonly { readonly name: string; readonly value: string }[]
  readonly type?: string
  readonly source?: string
  readonly id?: string
  readonly trace?: string
  readonly status: DeadLetterStatus
  readonly settled?: {
    readonly at: number | string
    readonly by: string
    readonly reason?: string
    readonly replay?: string
  }
}

/** A letter that was opened, with its event if it can be decoded, and the digits that its numbers lost. */
export type OpenedLetter = Letter & { readonly event: CloudEvent | null; readonly dataJson?: string }

/** The filters of the list, as the address has them. Empty is any. */
export const FILTER_NAMES = [
  'status',
  'topic',
  'code',
  'consumer',
  'source',
  'type',
  'from',
  'to',
  'q',
] as const
export type LetterFilters = Readonly<Record<(typeof FILTER_NAMES)[number], string>>

export function readFilters(search: Readonly<Record<string, string>>): LetterFilters {
  const entries = FILTER_NAMES.map((name) => [name, search[name] ?? ''])
  return { ...(Object.fromEntries(entries) as LetterFilters), status: search.status ?? 'open' }
}

/** The members of a filter that take a list, separated by commas in the address. */
const LISTS: readonly string[] = ['status', 'topic', 'code', 'consumer', 'source', 'type']

export type LetterFilter = Readonly<Record<string, string | readonly string[] | readonly Position[]>>

/** Returns the filter of a replay or a discard, for all letters that the list is about. */
export function filterOf(filters: LetterFilters): LetterFilter {
  const given = Object.entries(filters).filter(([, value]) => value !== '')
  return Object.fromEntries(
    given.map(([name, value]) => [name, LISTS.includes(name) ? value.split(',') : value]),
  )
}

/** Returns the filter of some letters, of any status. */
export function filterOfPositions(positions: readonly Position[], status: string): LetterFilter {
  return {
    status: [status],
    positions: positions
      .slice(0, DEAD_LETTER_POSITIONS_LIMIT)
      .map(({ topic, partition, offset }) => ({ topic, partition, offset })),
  }
}

/** Names a letter in the address: "port-events/0/12". */
export function nameOf({ topic, partition, offset }: Position): string {
  return `${topic}/${partition}/${offset}`
}

/** Returns the bytes of base64. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
}

/** Returns bytes as text; what is no UTF-8 is shown as �. */
export function textOf(base64: string | null): string {
  return base64 === null ? '' : new TextDecoder().decode(bytesOf(base64))
}

const HEX_WIDTH = 16
/** More is not shown: it would be no help, and slow. */
export const HEX_BYTES = 16_384

/** Returns bytes as lines of 16: their offset, their hexadecimal digits, and what is printable of them. */
export function hexOf(base64: string): string {
  const bytes = bytesOf(base64).subarray(0, HEX_BYTES)
  const lines: string[] = []
  for (let offset = 0; offset < bytes.length; offset += HEX_WIDTH) {
    const line = [...bytes.subarray(offset, offset + HEX_WIDTH)]
    const digits = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = line.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${offset.toString(16).padStart(6, '0')}  ${digits.padEnd(HEX_WIDTH * 3 - 1)}  ${text}`)
  }
  return lines.join('\n')
}

/** Returns what an editor begins with to mend a letter: its event, its JSON, its text, or the skeleton of an event. */
export function draftOf({ event, dataJson, value, truncated, id, source, type }: OpenedLetter): string {
  if (event !== null) return JSON.stringify(exactEvent({ event, dataJson }), null, 2)
  const text = truncated ? '' : textOf(value)
  try {
    return JSON.stringify(parseExactJson(text), null, 2)
  } catch {
    const skeleton = { specversion: '1.0', id: id ?? '', source: source ?? '', type: type ?? '', data: {} }
    return isMostlyText(text) ? text : JSON.stringify(skeleton, null, 2)
  }
}

function isMostlyText(text: string): boolean {
  return text.trimStart().startsWith('{') && !text.includes('\uFFFD')
}

/** Returns the event in an editor, or why it is none. */
export function parseDraft(draft: string): { readonly event: object } | { readonly problem: string } {
  try {
    const event = parseExactJson(draft)
    const isObject = typeof event === 'object' && event !== null && !Array.isArray(event)
    if (isObject && digitsOf(event) === undefined) return { event }
    return {
      problem: 'This is no JSON object. A CloudEvent is an object with specversion, id, source and type.',
    }
  } catch (error) {
    return { problem: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const CODES: Readonly<Record<DeadLetterCode, string>> = {
  undecodable: 'Cannot be decoded',
  invalid_event: 'Invalid event',
  invalid_data: 'Data against its schema',
  unknown_type: 'Unknown type',
  wrong_topic: 'Wrong topic',
  too_large: 'Too large',
  forged: 'Forged signature',
  forbidden: 'Not allowed to its author',
  id_taken: 'Id taken by another event',
  fold_failed: 'A view failed on it',
  deliver_failed: 'Delivery failed on it',
  unknown: 'Unknown',
}

export function sayCode(code: string): string {
  return CODES[code as DeadLetterCode] ?? code
}
