import { setPriority } from 'node:os'
import { dataOfParent, serveCalls } from '../process/serve-calls.ts'
import { type FloodKind, startFlood, type Target } from './flood.ts'

/** A principal that floods, as a process of its own. The cores are for the stack first. */
setPriority(19)
const target = dataOfParent<Target>()
let flood: ReturnType<typeof startFlood> | null = null

const handlers = {
  async start(kind: FloodKind) {
    flood = startFlood(kind, target)
  },
  async stop() {
    const ended = flood
    flood = null
    await ended?.stop()
    return ended?.count() ?? { sent: 0, refused: 0 }
  },
}
export type FloodHandlers = typeof handlers
serveCalls(handlers)
