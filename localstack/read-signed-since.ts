import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const FILE = 'signed-since'

/**
 * Returns the time from which on the records of this data folder are signed, or '' if all of them are. A folder that an
 * earlier version filled gets the present time at its first start; what it holds keeps counting (docs/adr/0029).
 */
export async function readSignedSince(dataDir: string, now: () => Date = () => new Date()): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  const file = join(dataDir, FILE)
  const held = await readdir(dataDir)
  if (held.includes(FILE)) return (await readFile(file, 'utf8')).trim()
  const since = held.length === 0 ? '' : now().toISOString()
  await writeFile(file, since)
  return since
}
