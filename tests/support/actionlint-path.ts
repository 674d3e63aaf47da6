import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Returns the path of actionlint: that in ACTIONLINT, of PATH, or where Go installs it; null if there is none. */
export function actionlintPath(): string | null {
  const { ACTIONLINT, PATH = '', GOPATH = join(homedir(), 'go') } = process.env
  const folders = [...PATH.split(delimiter), join(GOPATH, 'bin')]
  const paths = [...(ACTIONLINT ? [ACTIONLINT] : []), ...folders.map((folder) => join(folder, 'actionlint'))]
  return paths.find((path) => existsSync(path)) ?? null
}
