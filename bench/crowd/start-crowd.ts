import { startCallee } from '../process/start-callee.ts'
import { faultsOfCounts } from './accounts.ts'
import type { Crowd, Place, Tally } from './crowd.ts'
import type { CrowdHandlers } from './crowd-process.ts'

export type CrowdProcess = Crowd & { readonly pid: number; stop(): Promise<void> }

/** Starts a crowd in a process of its own. */
export function startCrowd(place: Place): CrowdProcess {
  const file = new URL('./crowd-process.ts', import.meta.url)
  const { pid, call, stop } = startCallee<CrowdHandlers>(file, place)
  return {
    pid,
    stop,
    open: () => call('open', undefined),
    write: (rate) => call('write', rate),
    read: () => call('read', undefined),
    churn: () => call('churn', undefined),
    rest: () => call('rest', undefined),
    disturb: (isDisturbed) => call('disturb', isDisturbed),
    mark: () => call('mark', undefined),
    backLive: (patienceMs) => call('backLive', patienceMs),
    sample: () => call('sample', undefined),
    settle: (patienceMs) => call('settle', patienceMs),
    tally: () => call('tally', undefined),
  }
}

/** Returns what must not be in a run, as lines. */
export function faultsOfTally(where: string, tally: Tally): string[] {
  const counts = {
    'responses of success that are errors': tally.falseSuccesses,
    'posts refused': tally.refusedPosts,
    'newcomers with an old cursor were not told': tally.untold,
  }
  return [
    ...faultsOfCounts(where, tally),
    ...Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${where}: ${count} ${name}`] : [])),
    ...Object.entries(tally.failedReads).map(([read, count]) => `${where}: ${count} reads failed, ${read}`),
  ]
}
