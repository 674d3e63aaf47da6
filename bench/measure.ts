import { readFile } from 'node:fs/promises'

/** Ticks of /proc/<pid>/stat per second on Linux. */
const TICKS = 100

/** The result of a benchmark: lines of named numbers and texts. */
export type Row = Readonly<Record<string, string | number>>
export type Rows = readonly Row[]

/** Prints rows as they are, one line each. */
export function printRows(title: string, rows: Rows): void {
  process.stdout.write(`\n${title}\n`)
  for (const row of rows) {
    const cells = Object.entries(row).map(([name, value]) => `${name}: ${value}`)
    process.stdout.write(`  ${cells.join(' · ')}\n`)
  }
}

/** Returns the CPU microseconds of the calling thread alone so far. Emulators and brokers run on other threads. */
export function threadCpuMicros(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

/** Rounds to three significant figures. */
export function round(value: number): number {
  return Number(value.toPrecision(3))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Returns the value below which `part` (0–1) of the values are; 0 if there are none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** Returns the user and system seconds of a process so far; NaN on systems without /proc. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}
