/** The result of a benchmark: lines of named numbers and texts. */
export type Row = Readonly<Record<string, string | number>>
export type Rows = readonly Row[]
/** Rows, and what must not be: a lost, repeated or disordered delivery. A benchmark with faults exits with 1. */
export type Outcome = { readonly rows: Rows; readonly faults: readonly string[] }

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

/** Returns the value below which `part` (0–1) of the values are; 0 if there are none. They may be in any order. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** Returns the median of the rounds and, if there was more than one, their minimum and maximum: `2.1 (1.9–2.4)`. */
export function spread(rounds: readonly number[]): string {
  const middle = String(round(median(rounds)))
  if (rounds.length < 2) return middle
  return `${middle} (${round(Math.min(...rounds))}–${round(Math.max(...rounds))})`
}
