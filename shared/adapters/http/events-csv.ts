import { stringify } from 'csv-stringify/sync'
import type { Row } from '#shared/pipeline/history/list-events.ts'

const ATTRIBUTES = ['id', 'time', 'category', 'severity', 'type', 'subject', 'source'] as const

/**
 * Returns events as CSV (RFC 4180) in UTF-8 with a byte order mark, with a header row: their attributes, the members of their data or state that are
 * `exported`, their data as JSON, and whether they are ahead of the log. No cell is a formula, whichever of comma, semicolon and tab a spreadsheet splits
 * the file at. Numbers stay numbers, negative ones too.
 */
export function eventsCsv(rows: readonly Row[], exported: readonly string[]): string {
  return stringify(
    rows.map((row) => toCells(row, exported)),
    {
      // Without it Excel takes the file for one of the machine's own code page.
      bom: true,
      header: true,
      columns: [...ATTRIBUTES, ...exported, 'data', 'ahead'],
      record_delimiter: '\r\n',
      quoted_match: /[\r\n]/,
    },
  )
}

/** Returns what the row of an event takes in the result of a function, in which a quote of CSV is escaped as well. */
export function csvBytes(row: Row, exported: readonly string[]): number {
  return toCells(row, exported).reduce((sum, cell) => sum + bytesOfCell(cell), 0)
}

/** A separator, quotes around the cell if it needs them, and each quote inside it once more. */
function bytesOfCell(cell: string): number {
  if (cell === '') return 1
  return Buffer.byteLength(JSON.stringify(cell)) + 5 + 2 * (cell.split('"').length - 1)
}

function toCells({ event, state, ahead }: Row, exported: readonly string[]): string[] {
  const members = { ...membersOf(event.data), ...membersOf(state) }
  return [
    ...ATTRIBUTES.map((name) => plainText(event[name] ?? '')),
    ...exported.map((name) => cellOf(members[name])),
    event.data === undefined ? '' : plainJson(event.data),
    ahead === true ? 'true' : '',
  ]
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? plainText(value) : plainJson(value)
}

// What begins a formula, in full width too (https://owasp.org/www-community/attacks/CSV_Injection). A spreadsheet that
// splits at semicolons or tabs does not see that a cell is quoted: there a separator or a line break in a text begins
// another cell.
const SIGN = '[=+\\-@＝＋－＠]'
const BEGINS_FORMULA = new RegExp(`^(?:[\\s"',;]*${SIGN}|["',;]*[\\t\\r\\n])`)

/** Returns a text with an apostrophe wherever a cell could begin with a formula. */
function plainText(text: string): string {
  const inside = SEPARATOR.test(text) ? withinCell(text) : text
  return BEGINS_FORMULA.test(inside) ? `'${inside}` : inside
}

const SEPARATOR = /[;\t\r\n]/
const IS_SIGN = new RegExp(SIGN)
const IS_QUOTE = /["']/
const IS_SPACE = /\s/

/**
 * Adds an apostrophe after each separator that a sign follows, perhaps after white space and quotes, or, perhaps after
 * quotes, a tab or a carriage return. It goes backwards, so that each character is looked at once.
 */
function withinCell(text: string): string {
  const pieces: string[] = []
  let end = text.length
  let leadsToSign = false
  let leadsToTab = false
  for (let at = text.length - 1; at >= 0; at--) {
    const character = text.charAt(at)
    const isWhole = character !== '\r' || text.charAt(at + 1) !== '\n'
    if (isWhole && SEPARATOR.test(character) && (leadsToSign || leadsToTab)) {
      pieces.push(text.slice(at + 1, end), "'")
      end = at + 1
    }
    const isQuote = IS_QUOTE.test(character)
    leadsToSign = IS_SIGN.test(character) || (leadsToSign && (isQuote || IS_SPACE.test(character)))
    leadsToTab = character === '\t' || character === '\r' || (leadsToTab && isQuote)
  }
  return pieces.length === 0 ? text : text.slice(0, end) + pieces.reverse().join('')
}

/** In JSON a sign can stand at these places only within a string, where its escape means the same. */
const SIGN_IN_JSON = new RegExp(`(^["\\s]+|;["'\\s\\\\]*)(${SIGN})`, 'g')

/** Returns the JSON of a value, in which the signs that could begin a formula are escaped. */
function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    SIGN_IN_JSON,
    (_, before: string, sign: string) => `${before}\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
