/** Lines of names and values, aligned. */
export function tableOf(title: string, rows: readonly (readonly [name: string, value: string | number])[]) {
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
  return `\n${title}\n${lines.join('\n')}\n\n`
}

/** The value below which `part` (0–1) of the sorted numbers lie; 0 for none. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
