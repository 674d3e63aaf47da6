import { styleText } from 'node:util'
import type { CloudEvent } from '#shared/core/event.ts'
import type { ReceivedEvent } from '#shared/core/json/received-event.ts'
import { toUtc } from '#shared/core/time.ts'
import { printable } from '../lib/printable.ts'

export type FormatOptions = { readonly color: boolean; readonly width: number }

const COLORS = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'gray',
} as const
/** Maximum width of a column. Up to that it grows with what it shows. */
const WIDEST_COLUMN = 36
const SHORTEST_DATA = 20

/**
 * Returns a function that formats an event as one line: time, severity, category, type, subject,
 * topic/partition@offset, whether it is ahead of the log, and as much of the data as fits. Columns stay aligned, because
 * they never get narrower.
 */
export function createEventFormatter({ color, width }: FormatOptions): (received: ReceivedEvent) => string {
  const widths: number[] = []
  const column = (index: number, text: string): string => {
    const shown = shorten(printable(text), WIDEST_COLUMN)
    widths[index] = Math.max(widths[index] ?? 0, shown.length)
    return shown.padEnd(widths[index] ?? 0)
  }
  return ({ topic, partition, offset, ahead, event, dataJson }) => {
    const severity = column(1, event.severity ?? '-')
    const cells = [
      column(0, formatTime(event.time)),
      color ? paint(severity, event.severity) : severity,
      column(2, event.category ?? '-'),
      column(3, event.type),
      column(4, event.subject ?? '-'),
      column(5, `${topic}/${partition}@${offset}${ahead ? ' (ahead)' : ''}`),
    ]
    const used = widths.reduce((sum, each) => sum + each + 2, 0)
    return `${cells.join('  ')}  ${shorten(formatData(event, dataJson), Math.max(SHORTEST_DATA, width - used))}`.trimEnd()
  }
}

function formatTime(time: string | undefined): string {
  return toUtc(time) ?? '-'
}

function formatData({ data, data_base64 }: CloudEvent, dataJson = JSON.stringify(data)): string {
  if (data === undefined)
    return data_base64 === undefined ? '' : `<${data_base64.length} characters of base64>`
  return printable(typeof data === 'string' ? data : dataJson)
}

function paint(text: string, severity: string | undefined): string {
  const style = Object.entries(COLORS).find(([name]) => name === severity)?.[1]
  // The caller decides whether to colour, from the stream that it writes to.
  return style === undefined ? text : styleText([style].flat(), text, { validateStream: false })
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
