import { dataOfParent, serveCalls } from '../process/serve-calls.ts'
import { createLoad, type Plan, type Target } from './load.ts'

/** The load generator as a process of its own. */
const load = createLoad(dataOfParent<Target>())

const handlers = {
  connect: (viewers: number) => load.connect(viewers),
  run: (plan: Plan) => load.run(plan),
}
export type LoadHandlers = typeof handlers
serveCalls(handlers)
