import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Returns the path of Prometheus' promtool: `PROMTOOL`, or the first one of PATH; null if there is none. */
export function promtoolPath(): string | null {
  const named = process.env.PROMTOOL
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = [...(named ? [named] : []), ...folders.map((folder) => join(folder, 'promtool'))]
  return paths.find((path) => existsSync(path)) ?? null
}
