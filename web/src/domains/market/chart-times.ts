import { formatTime, type Zone } from '#web/ui/data/format.ts'

/** What a mark of the time axis stands for, in the order of the chart library's TickMarkType. */
const MARKS: readonly Intl.DateTimeFormatOptions[] = [
  { year: 'numeric' },
  { month: 'short' },
  { day: 'numeric', month: 'short' },
  { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
]

/** A mark of the time axis in the zone that the reader chose. `time` in seconds since 1970. */
export function sayTick(time: number, mark: number, zone: Zone): string {
  const options = { ...MARKS[mark], ...(zone === 'utc' && { timeZone: 'UTC' }) }
  return new Intl.DateTimeFormat('en', options).format(time * 1000)
}

/** The time that is pointed at. */
export function sayChartTime(time: number, zone: Zone): string {
  return formatTime(time * 1000, zone, 'full')
}
