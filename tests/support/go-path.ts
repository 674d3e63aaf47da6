import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Returns the path of Go: the first one of PATH, or that of its installer; null if there is none. */
export function goPath(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/go/bin']
  return folders.map((folder) => join(folder, 'go')).find((path) => existsSync(path)) ?? null
}
