import { styleText } from 'node:util'
import type { CliContext } from './cli-context.ts'
import { printable } from './printable.ts'

/** How text is shown on a terminal, such as `red` or `['bold', 'red']`. */
export type Style = Parameters<typeof styleText>[0]

/** One column: its title, and what it shows of a row. */
export type Column<Row> = {
  readonly title: string
  readonly text: (row: Row) => string
  readonly align?: 'right'
  /** The colour of a cell on a terminal; undefined for none. */
  readonly style?: (row: Row) => Style | undefined
}

type Output = Pick<CliContext, 'stdout' | 'env'>

const GAP = '  '
/** Columns are not cut to less. */
const NARROWEST = 6

/** Whether to colour what is written to a stream: https://no-color.org. */
export function hasColor(stream: Output['stdout'], env: CliContext['env']): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** Returns text in a style if it is shown on a terminal that takes it, otherwise as it is. */
export function paint(text: string, style: Style | undefined, { stdout, env }: Output): string {
  if (style === undefined || !hasColor(stdout, env)) return text
  return styleText(style, text, { validateStream: false })
}

/**
 * Prints rows below their titles. On a terminal the widest columns are cut until a line fits; anywhere else nothing is
 * cut. Prints nothing on stdout if there are no rows.
 */
export function showTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], output: Output): void {
  if (rows.length === 0) return
  const { stdout } = output
  const cells = rows.map((row) => columns.map(({ text }) => printable(text(row))))
  const natural = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  )
  const widths = stdout.isTTY && stdout.columns ? fitWidths(natural, stdout.columns) : natural
  const lay = (line: readonly string[], styleOf: (index: number) => Style | undefined): string =>
    columns
      .map(({ align }, index) => {
        const text = shorten(line[index] ?? '', widths[index] ?? 0)
        const isLast = index === columns.length - 1
        const padded = align === 'right' ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0)
        return paint(isLast && align !== 'right' ? text : padded, styleOf(index), output)
      })
      .join(GAP)
      .trimEnd()
  stdout.write(
    `${lay(
      columns.map(({ title }) => title),
      () => 'bold',
    )}\n`,
  )
  rows.forEach((row, at) => {
    stdout.write(`${lay(cells[at] ?? [], (index) => columns[index]?.style?.(row))}\n`)
  })
}

/** Returns the widths of the columns, of which the widest are cut until they fit. */
function fitWidths(natural: readonly number[], available: number): readonly number[] {
  let excess = natural.reduce((sum, width) => sum + width, GAP.length * (natural.length - 1)) - available
  const widths = [...natural]
  while (excess > 0) {
    const widest = Math.max(...widths)
    if (widest <= NARROWEST) return widths
    const index = widths.indexOf(widest)
    const next = Math.max(NARROWEST, ...widths.filter((width) => width < widest))
    const cut = Math.min(excess, Math.max(1, widest - next))
    widths[index] = widest - cut
    excess -= cut
  }
  return widths
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`
}
