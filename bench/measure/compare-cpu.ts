import pLimit from 'p-limit'
import { median, type Row, round, threadCpuMicros } from './measure.ts'

const ROUNDS = 9
const AT_ONCE = 16

/** One call of a client; `index` makes its requests differ. */
export type Call = (index: number) => Promise<unknown>

/**
 * Measures the CPU of this thread for each way of making a call, in alternation, so that what else the machine does
 * meets all of them. Returns a row for each way with its median and the ratio to the first one.
 */
export async function compareCpu(ways: Readonly<Record<string, Call>>, calls: number): Promise<Row[]> {
  const costs = new Map(Object.keys(ways).map((name) => [name, [] as number[]]))
  for (let turn = 0; turn < ROUNDS + 2; turn++)
    for (const [name, call] of Object.entries(ways)) {
      const cost = await cpuOf(call, calls)
      if (turn >= 2) costs.get(name)?.push(cost) // the first turns warm up
    }
  const [first = 1] = [...costs.values()].map(median)
  return [...costs].map(([way, all]) => ({
    way,
    'µs CPU per call': round(median(all)),
    ratio: round(median(all) / first),
  }))
}

async function cpuOf(call: Call, calls: number): Promise<number> {
  const limit = pLimit(AT_ONCE)
  const before = threadCpuMicros()
  await Promise.all(Array.from({ length: calls }, (_, index) => limit(call, index)))
  return (threadCpuMicros() - before) / calls
}
