import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DamagedDataError, readDataFile } from './trouble/damaged-data.ts'
import { makeFolder } from './trouble/make-folder.ts'

const FILE = 'signed-since'
const ISO_TIME = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?Z$/

/**
 * Returns the time from which on the records of this data folder are signed, or '' if all of them are. A folder that an
 * earlier version filled gets the present time at its first start; what it holds keeps counting (docs/adr/0029).
 * Throws DamagedDataError.
 */
export async function readSignedSince(dataDir: string, now: () => Date = () => new Date()): Promise<string> {
  makeFolder(dataDir)
  const file = join(dataDir, FILE)
  const held = await readdir(dataDir)
  if (held.includes(FILE)) return readTime(file)
  const since = held.length === 0 ? '' : now().toISOString()
  await writeFile(file, since)
  return since
}

function readTime(file: string): string {
  const remedy = 'Delete it: the records that there are count as signed then.'
  const time = (readDataFile(file, remedy) ?? '').trim()
  if (time !== '' && !ISO_TIME.test(time)) throw new DamagedDataError(file, 'it is no time', remedy)
  return time
}
