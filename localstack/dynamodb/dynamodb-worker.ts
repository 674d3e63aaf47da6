import { runAsWorker } from '../start-worker.ts'
import { startDynamodb } from './start-dynamodb.ts'

// The worker thread that `startDynamodbWorker` starts.
await runAsWorker(
  ({ port, dataDir, allowedHosts }: { port: number; dataDir: string; allowedHosts?: string[] }, log) =>
    startDynamodb({ port, dataDir, log, ...(allowedHosts && { allowedHosts }) }),
)
