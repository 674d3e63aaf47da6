import type { Phase, Plan } from '../load/load.ts'
import type { Turn } from '../systems/take-turns.ts'

/** A phase of load with the CPU that it cost. */
export type Measured = Phase & {
  readonly plan: Plan
  /** CPU seconds of the server's processes without Kafka's, and of Kafka's. */
  readonly serverCpu: number
  readonly kafkaCpu: number
}

/** Runs a plan of load and reads the CPU of the processes before and after it. */
export async function measurePhase({ system, kafka, load }: Turn, plan: Plan): Promise<Measured> {
  const [server, cluster] = [await system.cpuSeconds(), await kafka.cpuSeconds()]
  const phase = await load.run(plan)
  return {
    ...phase,
    plan,
    serverCpu: (await system.cpuSeconds()) - server,
    kafkaCpu: (await kafka.cpuSeconds()) - cluster,
  }
}

/** Returns what must not be in a phase without faults, as lines; none if all is well. */
export function faultsOf(where: string, phase: Phase): string[] {
  const { lost, repeated, outOfOrder, unasked, refusedPosts, problems } = phase
  const counts = { lost, repeated, 'out of order': outOfOrder, unasked, 'posts refused': refusedPosts }
  const bad = Object.entries(counts).filter(([, count]) => count > 0)
  const lines = bad.map(([name, count]) => `${where}: ${count} ${name}`)
  return [...lines, ...problems.map((problem) => `${where}: ${problem}`)]
}
