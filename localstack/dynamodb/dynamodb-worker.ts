import { parentPort, workerData } from 'node:worker_threads'
import dynalite from 'dynalite'
import type { WorkerMessage } from '../start-worker.ts'
import { closeIterators } from './close-iterators.ts'

/** Runs the DynamoDB emulator on a thread of its own; see start-dynamodb-worker.ts. */
const { port, dataDir } = workerData as { port: number; dataDir: string }
const post = (message: WorkerMessage): void => parentPort?.postMessage(message)
closeIterators()
const server = dynalite({ path: dataDir, createTableMs: 0, deleteTableMs: 0 })
server.on('error', ({ code = 'DYNAMODB_FAILED', message }: NodeJS.ErrnoException) =>
  post({ type: 'error', code, message }),
)
server.listen(port, '127.0.0.1', () => post({ type: 'ready', endpoint: `http://127.0.0.1:${port}` }))
parentPort?.on('message', () => server.close(() => process.exit(0)))
