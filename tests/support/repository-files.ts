import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Returns the paths of the repository's files that are on disk, those that are not committed yet included. */
export async function repositoryFiles(): Promise<string[]> {
  const listed = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const { stdout } = await run('git', listed, { maxBuffer: 10_000_000 })
  const files = [...new Set(stdout.split('\0'))].filter((file) => file !== '')
  const isThere = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  )
  return files.filter((_, index) => isThere[index])
}
