import { setTimeout as sleep } from 'node:timers/promises'
import { startStack } from '../../tests/support/start-stack.ts'
import { type Outcome, quantile, type Row, round } from '../measure/measure.ts'
import { treeCpuSeconds, treeMegabytes } from '../measure/processes.ts'
import type { BenchOptions } from '../options.ts'
import { startCallee } from '../process/start-callee.ts'
import { FLOODS, type FloodCount, type FloodKind } from './flood.ts'
import type { FloodHandlers } from './flood-process.ts'
import { openProbe, type Times } from './probe.ts'

const SECONDS = 10
const ROUNDS = 3
/** How long a flood runs before it is measured, and how long the stack rests after it, in milliseconds. */
const LEAD_MS = 1000
const REST_MS = 2000
/** What the local stack has unless it is told otherwise. */
const RATE_LIMITS = 'read=1000,search=200,write=2000,tickets=200,account=100,messages=2000'

type Seen = {
  readonly quiet: Times[]
  readonly flooded: Times[]
  count: FloodCount
  megabytes: number
  cpu: number
}

/**
 * What others notice when one principal floods: the times from a POST to its frame and of reads, without a flood and with
 * each, in turns. The goal is that their p99 grows by 20 % at most.
 */
export async function benchFloods(options: BenchOptions): Promise<Outcome> {
  const seconds = options.seconds ?? SECONDS
  const rows: Row[] = []
  const faults: string[] = []
  for (const { name, folder } of options.stacks) {
    const stack = await startStack({ cwd: folder, env: { RATE_LIMITS } })
    const { httpUrl, socketUrl } = stack
    const flooder = startCallee<FloodHandlers>(new URL('./flood-process.ts', import.meta.url), {
      httpUrl,
      socketUrl,
      key: 'local-viewer-key',
    })
    const probe = await openProbe({
      httpUrl,
      socketUrl,
      writerKey: 'local-publisher-key',
      readerKey: 'local-operator-key',
    })
    try {
      await probe.run(2)
      const seen = new Map<FloodKind, Seen>()
      for (let turn = 0; turn < (options.rounds ?? ROUNDS); turn++)
        for (const kind of FLOODS) {
          const one = seen.get(kind) ?? {
            quiet: [],
            flooded: [],
            count: { sent: 0, refused: 0 },
            megabytes: 0,
            cpu: 0,
          }
          seen.set(kind, one)
          process.stderr.write(`round ${turn + 1}: ${kind}\n`)
          one.quiet.push(await probe.run(seconds))
          await flooder.call('start', kind)
          await sleep(LEAD_MS)
          const before = await treeCpuSeconds(stack.pid())
          one.flooded.push(await probe.run(seconds))
          one.cpu += (await treeCpuSeconds(stack.pid())) - before
          one.megabytes = Math.max(one.megabytes, await treeMegabytes(stack.pid()))
          const { sent, refused } = await flooder.call('stop', undefined)
          one.count = { sent: one.count.sent + sent, refused: one.count.refused + refused }
          await sleep(REST_MS)
        }
      for (const [kind, one] of seen) {
        rows.push(rowOf(name, kind, one, seconds * one.flooded.length))
        const failed = [...one.quiet, ...one.flooded].reduce((sum, times) => sum + times.failed, 0)
        if (failed > 0) faults.push(`${name}, ${kind}: ${failed} writes, frames or reads of others failed`)
      }
    } finally {
      probe.close()
      await flooder.stop()
      await stack.dispose()
    }
  }
  return { rows, faults }
}

function rowOf(
  system: string,
  flood: FloodKind,
  { quiet, flooded, count, megabytes, cpu }: Seen,
  seconds: number,
): Row {
  const all = (times: readonly Times[], what: 'frames' | 'reads') => times.flatMap((one) => one[what])
  const growth = (what: 'frames' | 'reads', part: number) =>
    round(100 * (quantile(all(flooded, what), part) / quantile(all(quiet, what), part) - 1))
  return {
    system,
    flood,
    'frames p50 ms': round(quantile(all(quiet, 'frames'), 0.5)),
    'frames p99 ms': round(quantile(all(quiet, 'frames'), 0.99)),
    'flooded p50 ms': round(quantile(all(flooded, 'frames'), 0.5)),
    'flooded p99 ms': round(quantile(all(flooded, 'frames'), 0.99)),
    'frames p99 growth %': growth('frames', 0.99),
    'reads p99 ms': round(quantile(all(quiet, 'reads'), 0.99)),
    'flooded reads p99 ms': round(quantile(all(flooded, 'reads'), 0.99)),
    'reads p99 growth %': growth('reads', 0.99),
    'sent per second': round(count.sent / seconds),
    'refused per second': round(count.refused / seconds),
    'CPU of the stack, cores': round(cpu / seconds),
    MB: round(megabytes),
  }
}
