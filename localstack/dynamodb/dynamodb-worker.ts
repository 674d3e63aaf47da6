import { runAsWorker } from '../start-worker.ts'
import { startDynamodb } from './start-dynamodb.ts'

// The worker thread that `startDynamodbWorker` starts.
await runAsWorker(({ port, dataDir }: { port: number; dataDir: string }, log) =>
  startDynamodb({ port, dataDir, log }),
)
