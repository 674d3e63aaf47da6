import type { MessagePort } from 'node:worker_threads'
import { ALLOW_ALL, createAccessCheck } from '../access/access-check.ts'
import type { Access } from '../access/read-access.ts'
import { runAsWorker } from '../start-worker.ts'
import { startDynamodb } from './start-dynamodb.ts'

export type DynamodbData = {
  readonly port: number
  readonly dataDir: string
  readonly allowedHosts: readonly string[]
  /** Brings what functions may do, and is answered when that is in force. */
  readonly policies: MessagePort
}

// The worker thread that `startDynamodbWorker` starts.
await runAsWorker(({ port, dataDir, allowedHosts, policies }: DynamodbData, log) => {
  let check = ALLOW_ALL
  policies.on('message', (access: Access) => {
    check = createAccessCheck(access, log)
    policies.postMessage('in force')
  })
  return startDynamodb({ port, dataDir, log, allowedHosts, access: () => check })
})
