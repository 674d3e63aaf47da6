import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Copies the sources, as they are on disk, into a new folder; packages are shared. Returns the folder. */
export async function copySources(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-copy-'))
  const listed = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const { stdout } = await run('git', listed, { maxBuffer: 10_000_000 })
  const files = stdout.split('\0').filter((file) => file !== '' && !file.startsWith('docs/images/'))
  // A file that is listed but deleted on disk is not part of the copy.
  await Promise.all(files.map((file) => cp(file, join(folder, file)).catch(ignoreMissing)))
  await symlink(resolve('node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Replaces a text of a file. Throws an error if it is not there exactly once. */
export async function replaceIn(path: string, before: string, after: string): Promise<void> {
  const parts = (await readFile(path, 'utf8')).split(before)
  if (parts.length !== 2) throw new Error(`${path} has ${JSON.stringify(before)} ${parts.length - 1} times`)
  await writeFile(path, parts.join(after))
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
