/** Lines of names and values, aligned. */
export function tableOf(title: string, rows: readonly (readonly [name: string, value: string | number])[]) {
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
  return `\n${title}\n${lines.join('\n')}\n\n`
}
