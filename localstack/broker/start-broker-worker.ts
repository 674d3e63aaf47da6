import { startWorker } from '../start-worker.ts'
import type { Broker, BrokerOptions } from './start-broker.ts'

type Options = BrokerOptions & {
  /** Called with the reason if the thread ends although nobody stopped it. */
  onDeath?: (reason: string) => void
}

/** Starts the broker in a thread of its own, with the options and errors of `startBroker`. */
export function startBrokerWorker({ log, onDeath, ...options }: Options): Promise<Broker> {
  return startWorker(new URL('./broker-worker.ts', import.meta.url), {
    data: options,
    ...(log && { log }),
    ...(onDeath && { onDeath }),
  })
}
