import { API_KEY } from '../tests/support/start-stack.ts'
import { poster } from './load/post-at-rate.ts'
import { type Outcome, type Row, round } from './measure/measure.ts'
import { faultsOf, type Measured, measurePhase } from './measure/measure-phase.ts'
import type { BenchOptions } from './options.ts'
import type { System } from './systems/system.ts'
import { type Turn, takeTurns } from './systems/take-turns.ts'

/** `--viewers 10,100,1000,10000` goes on; each viewer is a file descriptor on both sides. */
const VIEWERS = [10, 100, 1000]
const PARTITIONS = [1, 16]
const HISTORY = [0, 10_000]
const RATE = 100
const FILL = { perPost: 100, atOnce: 4 }

/**
 * What Tidewire costs and how late it is at 100 events per second, each heard by 10, while one thing grows: the viewers
 * that are connected, the partitions of the topic, the events that are stored. (Subscriptions: the benchmark matching.)
 */
export async function benchGrowth(options: BenchOptions): Promise<Outcome> {
  const rows: Row[] = []
  const faults: string[] = []
  const rounds = options.rounds ?? 1
  const contenders = options.contenders.filter(({ isTidewire }) => isTidewire)
  const measure = async (turn: Turn, grown: Row, viewers: number) => {
    const plan = {
      viewers,
      rate: options.rates?.[0] ?? RATE,
      perPost: 1,
      seconds: options.seconds ?? 4,
      ...options.ids,
    }
    await turn.load.connect(viewers)
    await turn.load.run({ ...plan, rate: 50, seconds: 3 })
    const measured = await measurePhase(turn, plan)
    faults.push(...faultsOf(`${turn.name}, ${JSON.stringify(grown)}`, measured))
    rows.push(await rowOf(turn, grown, measured))
  }
  await takeTurns({ ...options, contenders, rounds }, async (turn) => {
    for (const viewers of options.viewers ?? VIEWERS)
      await measure(turn, { grows: 'viewers', to: viewers, ...(await connectAll(turn, viewers)) }, viewers)
  })
  for (const partitions of PARTITIONS)
    await takeTurns({ ...options, contenders, rounds, partitions }, (turn) =>
      measure(turn, { grows: 'partitions', to: partitions }, 100),
    )
  await takeTurns({ ...options, contenders, rounds }, async (turn) => {
    let stored = 0
    for (const events of HISTORY) {
      await fill(turn.system, events - stored)
      stored = events
      await measure(turn, { grows: 'stored events', to: events }, 100)
    }
  })
  return { rows, faults }
}

async function connectAll({ load, system }: Turn, viewers: number): Promise<Row> {
  const cpu = await system.cpuSeconds()
  const took = await load.connect(viewers)
  return { 'connect s': round(took / 1000), 'connect CPU s': round((await system.cpuSeconds()) - cpu) }
}

async function fill({ postUrl, headers }: System, count: number): Promise<void> {
  const { send, close } = poster(postUrl, headers)
  let left = count
  const fillOne = async () => {
    while (left > 0) {
      const first = left
      left -= FILL.perPost
      const events = Array.from({ length: Math.min(FILL.perPost, first) }, (_, index) => ({
        specversion: '1.0',
        id: `fill-${first - index}`,
        source: '/bench/fill',
        type: 'bench.fill',
        category: 'bench.fill',
        data: { text: 'x'.repeat(200) },
      }))
      const { status } = await send(JSON.stringify(events), 'application/cloudevents-batch+json')
      if (status !== 202) throw new Error(`a post of the history was answered with ${status}`)
    }
  }
  await Promise.all(Array.from({ length: FILL.atOnce }, fillOne))
  close()
}

async function rowOf({ name, system }: Turn, grown: Row, measured: Measured): Promise<Row> {
  const { latency, serverCpu, events, frames, delivered } = measured
  return {
    system: name,
    ...grown,
    'p50 ms': round(latency.p50),
    'p99 ms': round(latency.p99),
    'server CPU ms per event': round((1000 * serverCpu) / events),
    'frames per delivered event': round(frames / delivered),
    'newest page ms': round(await timeOfPage(system)),
    MB: round(await system.megabytes()),
  }
}

/** Milliseconds of reading the newest 50 events of a channel, the fastest of five times. */
async function timeOfPage({ postUrl }: System): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < 5; count++) {
    const begin = performance.now()
    const response = await fetch(`${postUrl}?channel=bench.c0&limit=50`, {
      headers: { 'x-api-key': API_KEY },
    })
    await response.arrayBuffer()
    times.push(performance.now() - begin)
  }
  return Math.min(...times)
}
