import type { Row, Rows } from '../measure/measure.ts'

/** Returns rows as a table of Markdown with these columns, or with all that occur. Missing cells are empty. */
export function markdownTable(rows: Rows, columns: readonly string[] = columnsOf(rows)): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const cell = (row: Row, column: string) => format(row[column])
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((column) => cell(row, column)))),
  ].join('\n')
}

function columnsOf(rows: Rows): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))]
}

function format(value: string | number | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'number'
    ? value.toLocaleString('en-US', { maximumSignificantDigits: 4 })
    : value.replaceAll('|', '\\|')
}
