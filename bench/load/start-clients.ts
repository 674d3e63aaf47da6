import { startCallee } from '../process/start-callee.ts'
import type { Clients, Place, Tally } from './clients.ts'
import type { ClientHandlers } from './clients-process.ts'

export type ClientsProcess = Clients & { readonly pid: number; stop(): Promise<void> }

/** Starts clients of this repository in a process of their own. */
export function startClients(place: Place): ClientsProcess {
  const file = new URL('./clients-process.ts', import.meta.url)
  const { pid, call, stop } = startCallee<ClientHandlers>(file, place)
  return {
    pid,
    stop,
    open: () => call('open', undefined),
    leave: () => call('leave', undefined),
    replace: (count) => call('replace', count),
    post: (pace) => call('post', pace),
    sample: () => call('sample', undefined),
    settle: (patienceMs) => call('settle', patienceMs),
    tally: () => call('tally', undefined),
  }
}

/** Returns what must not be, as lines; none if every client got every accepted event once and in order. */
export function faultsOfTally(where: string, { lost, repeated, outOfOrder, gaps }: Tally): string[] {
  const counts = { lost, repeated, 'out of order': outOfOrder, gaps }
  return Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${where}: ${count} ${name}`] : []))
}
