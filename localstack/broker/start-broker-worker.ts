import { startWorker } from '../start-worker.ts'
import type { Broker, BrokerOptions } from './start-broker.ts'

/** Starts the broker in a thread of its own, with the options and errors of `startBroker`. */
export function startBrokerWorker({ log, ...options }: BrokerOptions): Promise<Broker> {
  return startWorker(new URL('./broker-worker.ts', import.meta.url), { data: options, ...(log && { log }) })
}
