import { dataOfParent, serveCalls } from '../process/serve-calls.ts'
import { createClients, type Place } from './clients.ts'

/** Clients as a process of their own. */
const clients = createClients(dataOfParent<Place>())

const handlers = {
  open: () => clients.open(),
  leave: () => clients.leave(),
  replace: (count: number) => clients.replace(count),
  post: (pace: Parameters<typeof clients.post>[0]) => clients.post(pace),
  sample: () => clients.sample(),
  settle: (patienceMs: number) => clients.settle(patienceMs),
  tally: () => clients.tally(),
}
export type ClientHandlers = typeof handlers
serveCalls(handlers)
