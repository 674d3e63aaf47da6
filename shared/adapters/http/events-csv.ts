import { stringify } from 'csv-stringify/sync'
import type { Row } from '#shared/pipeline/history/list-events.ts'

const ATTRIBUTES = ['id', 'time', 'category', 'severity', 'type', 'subject', 'source'] as const

/**
 * Returns events as CSV (RFC 4180), with a header row: their attributes, the members of their data or state that are
 * `exported`, and their data as JSON. A cell that a spreadsheet would take for a formula gets an apostrophe before it
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function eventsCsv(rows: readonly Row[], exported: readonly string[]): string {
  return stringify(
    rows.map((row) => toCells(row, exported)),
    {
      header: true,
      columns: [...ATTRIBUTES, ...exported, 'data'],
      record_delimiter: '\r\n',
      escape_formulas: true,
    },
  )
}

function toCells({ event, state }: Row, exported: readonly string[]): string[] {
  const members = { ...membersOf(event.data), ...membersOf(state) }
  return [
    ...ATTRIBUTES.map((name) => event[name] ?? ''),
    ...exported.map((name) => textOf(members[name])),
    event.data === undefined ? '' : JSON.stringify(event.data),
  ]
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
