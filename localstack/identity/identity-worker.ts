import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerMessage } from '../start-worker.ts'
import { createIdentity } from './create-identity.ts'
import { identityServer } from './serve-identity.ts'

/** Runs the identity provider on a thread of its own; see start-identity-worker.ts. */
const { port, dataDir } = workerData as { port: number; dataDir: string }
const post = (message: WorkerMessage): void => parentPort?.postMessage(message)
const endpoint = `http://127.0.0.1:${port}`
const log = (line: string) => post({ type: 'log', line })
const server = identityServer(await createIdentity({ dataDir, issuer: endpoint, log }))
server.on('error', ({ code = 'IDENTITY_FAILED', message }: NodeJS.ErrnoException) =>
  post({ type: 'error', code, message }),
)
server.listen(port, '127.0.0.1', () => post({ type: 'ready', endpoint }))
parentPort?.on('message', () => process.exit(0))
