import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type Column, showTable } from './show-table.ts'

type Row = { readonly name: string; readonly count: number; readonly note: string }
const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', text: ({ name }) => name },
  {
    title: 'COUNT',
    text: ({ count }) => String(count),
    align: 'right',
    style: ({ count }) => (count > 9 ? 'red' : undefined),
  },
  { title: 'NOTE', text: ({ note }) => note },
]
const ROWS: readonly Row[] = [
  { name: 'a', count: 1234, note: 'x'.repeat(40) },
  { name: 'longer', count: 5, note: '\u001b[2Jhostile' },
]

function show(rows: readonly Row[], { isTTY = false, columns = 30, env = {} } = {}): string {
  const stdout = Object.assign(new PassThrough(), { isTTY, columns })
  showTable(COLUMNS, rows, { stdout, env })
  return String(stdout.read() ?? '')
}

describe('a table', () => {
  test('aligns its columns, and is not cut where there is no terminal', () => {
    expect(show(ROWS)).toBe(
      `NAME    COUNT  NOTE\na        1234  ${'x'.repeat(40)}\nlonger      5  \ufffd[2Jhostile\n`,
    )
  })

  test('is cut to the width of a terminal, with its widest column first', () => {
    const lines = show(ROWS, { isTTY: true, env: { NO_COLOR: '1' } })
      .trimEnd()
      .split('\n')

    expect(lines[1]).toBe(`a        1234  ${'x'.repeat(14)}…`)
    expect(Math.max(...lines.map((line) => line.length))).toBe(30)
  })

  test('stays readable on a terminal that is too narrow', () => {
    expect(show(ROWS, { isTTY: true, columns: 4, env: { NO_COLOR: '1' } })).toContain('longer')
  })

  test.each([
    [true, {}, true],
    [true, { NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
    [false, {}, false],
  ])('has colours only on a terminal that takes them: %j, %j', (isTTY, env, colored) => {
    expect(show(ROWS, { isTTY, columns: 100, env }).includes('\u001b[31m')).toBe(colored)
  })

  test('without rows is nothing', () => {
    expect(show([])).toBe('')
  })
})
