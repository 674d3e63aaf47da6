import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Running, startWorker } from '../start-worker.ts'

/** Every LevelDB has it; the tables once were one. */
const OLDER_FILE = 'CURRENT'

/**
 * Starts the DynamoDB of the local stack on a thread of its own. It writes with write(2) before it responds, so
 * acknowledged writes survive a `kill -9`. Rejects if the port or the data folder is in use.
 */
export async function startDynamodbWorker({
  port,
  dataDir,
  allowedHosts = [],
  log = (line) => process.stderr.write(`${line}\n`),
}: {
  readonly port: number
  readonly dataDir: string
  readonly allowedHosts?: readonly string[]
  readonly log?: (line: string) => void
}): Promise<Running> {
  await mkdir(dataDir, { recursive: true })
  if (existsSync(join(dataDir, OLDER_FILE)))
    log(
      `The tables of an older version in ${dataDir} are not read: history and views begin empty. "npm start -- --fresh" deletes all local data.`,
    )
  return startWorker(new URL('./dynamodb-worker.ts', import.meta.url), {
    data: { port, dataDir, allowedHosts },
    log,
  })
}
