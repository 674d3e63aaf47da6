import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import type { Access } from '../access/read-access.ts'
import { type Running, startWorker } from '../start-worker.ts'
import { makeFolder } from '../trouble/make-folder.ts'
import type { DynamodbData } from './dynamodb-worker.ts'

export type Dynamodb = Running & {
  /** From then on the requests of functions are judged by these policies. Until then all are allowed. */
  enforce(access: Access): Promise<void>
}

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
  onDeath,
}: {
  readonly port: number
  readonly dataDir: string
  readonly allowedHosts?: readonly string[]
  readonly log?: (line: string) => void
  /** Called with the reason if the thread ends although nobody stopped it. */
  readonly onDeath?: (reason: string) => void
}): Promise<Dynamodb> {
  makeFolder(dataDir)
  if (existsSync(join(dataDir, OLDER_FILE)))
    log(
      `The tables of an older version in ${dataDir} are not read: history and views begin empty. "npm start -- --fresh" deletes all local data.`,
    )
  const { port1: policies, port2: remote } = new MessageChannel()
  const data: DynamodbData = { port, dataDir, allowedHosts, policies: remote }
  const file = new URL('./dynamodb-worker.ts', import.meta.url)
  const running = await startWorker(file, { data, transferList: [remote], log, ...(onDeath && { onDeath }) })
  return {
    ...running,
    enforce: (access) =>
      new Promise((resolve) => {
        policies.once('message', () => resolve())
        policies.postMessage(access)
      }),
    async stop() {
      await running.stop()
      policies.close()
    },
  }
}
