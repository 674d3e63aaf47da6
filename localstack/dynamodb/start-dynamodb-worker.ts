import { mkdir } from 'node:fs/promises'
import { type Running, startWorker } from '../start-worker.ts'

/**
 * Starts dynalite on a thread of its own. It writes to LevelDB's files with write(2) before it responds, so acknowledged
 * writes survive a `kill -9`. Rejects if the port or the data folder is in use.
 */
export async function startDynamodbWorker({
  port,
  dataDir,
}: {
  port: number
  dataDir: string
}): Promise<Running> {
  await mkdir(dataDir, { recursive: true })
  return startWorker(new URL('./dynamodb-worker.ts', import.meta.url), { data: { port, dataDir } })
}
