import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/** Where `.ci/run` installs the tools that are Python's. */
const OWN_FOLDER = 'node_modules/.cache/python/bin'

/** Returns the path of a tool such as cfn-lint: the first one of PATH, or the one that `.ci/run` installed; or null. */
export function pythonTool(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), resolve(OWN_FOLDER)]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}
