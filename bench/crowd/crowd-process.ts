import { dataOfParent, serveCalls } from '../process/serve-calls.ts'
import { createCrowd, type Place } from './crowd.ts'

/** A crowd as a process of its own. */
const crowd = createCrowd(dataOfParent<Place>())

const handlers = {
  open: () => crowd.open(),
  write: (rate: number) => crowd.write(rate),
  read: () => crowd.read(),
  churn: () => crowd.churn(),
  rest: () => crowd.rest(),
  disturb: (isDisturbed: boolean) => crowd.disturb(isDisturbed),
  mark: () => crowd.mark(),
  backLive: (patienceMs: number) => crowd.backLive(patienceMs),
  sample: () => crowd.sample(),
  settle: (patienceMs: number) => crowd.settle(patienceMs),
  tally: () => crowd.tally(),
}
export type CrowdHandlers = typeof handlers
serveCalls(handlers)
