import { mkdir } from 'node:fs/promises'
import { startWorker } from '../start-worker.ts'

/**
 * Starts dynalite on a thread of its own. Its LevelDB files are written by write(2) before it answers, so what it
 * answered survives a `kill -9`. Throws when the port or the data folder is in use.
 */
export async function startDynamodbWorker({ port, dataDir }: { port: number; dataDir: string }) {
  await mkdir(dataDir, { recursive: true })
  return startWorker(new URL('./dynamodb-worker.ts', import.meta.url), { data: { port, dataDir } })
}
