import { runAsWorker } from '../start-worker.ts'
import { type BrokerOptions, startBroker } from './start-broker.ts'

// The worker thread that `startBrokerWorker` starts.
await runAsWorker((options: BrokerOptions, log) => startBroker({ ...options, log }))
