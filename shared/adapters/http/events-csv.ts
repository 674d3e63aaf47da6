import { stringify } from 'csv-stringify/sync'
import type { Row } from '#shared/pipeline/history/list-events.ts'

const COLUMNS = [
  'id',
  'time',
  'category',
  'severity',
  'type',
  'subject',
  'source',
  'status',
  'assignee',
  'priority',
  'title',
  'description',
  'location',
  'data',
]

/**
 * Events as CSV (RFC 4180), with a header row. A cell that a spreadsheet would take for a formula gets an apostrophe
 * before it (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function eventsCsv(rows: readonly Row[]): string {
  return stringify(rows.map(toRecord), {
    header: true,
    columns: COLUMNS,
    record_delimiter: '\r\n',
    escape_formulas: true,
  })
}

function toRecord({ event, state }: Row): Record<string, string> {
  const { id, time, category, severity, type, subject, source } = event
  const data = membersOf(event.data)
  const told = { ...data, ...membersOf(state) }
  const named = ['status', 'assignee', 'priority', 'title', 'description', 'location'] as const
  return {
    id,
    time: time ?? '',
    category: category ?? '',
    severity: severity ?? '',
    type,
    subject: subject ?? '',
    source,
    ...Object.fromEntries(named.map((name) => [name, textOf(told[name])])),
    data: event.data === undefined ? '' : JSON.stringify(event.data),
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
