import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerMessage } from '../start-worker.ts'
import { type BrokerOptions, startBroker } from './start-broker.ts'

// The worker thread that `startBrokerWorker` starts.
const post = (message: WorkerMessage): void => parentPort?.postMessage(message)

try {
  const broker = await startBroker({
    ...(workerData as BrokerOptions),
    log: (line) => post({ type: 'log', line }),
  })
  parentPort?.once('message', async () => {
    await broker.stop()
    parentPort?.close()
  })
  post({ type: 'ready', endpoint: broker.endpoint })
} catch (error) {
  const { code = 'BROKER_FAILED', message } = error as NodeJS.ErrnoException
  post({ type: 'error', code, message })
}
