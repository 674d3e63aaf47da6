import { setTimeout as sleep } from 'node:timers/promises'
import type { Quote } from '#shared/domain/market/quotes-view.ts'
import { get, publishBatch } from '../tests/support/api.ts'
import { startStack, type TestStack } from '../tests/support/start-stack.ts'
import { quantile, type Row, type Rows, round } from './measure/measure.ts'
import { cpuSeconds } from './measure/processes.ts'

const TICKS_PER_SECOND = 1000
const SECONDS = 20
const BATCHES_PER_SECOND = 10
const PER_BATCH = TICKS_PER_SECOND / BATCHES_PER_SECOND
const SYMBOLS = Array.from({ length: 10 }, (_, n) => `S${n}`)
const SAMPLE_MS = 500
const DRAIN_MS = 60_000
/** The times of the ticks: 90 minutes that pass as fast as the benchmark runs, so that candles close on the way. */
const BEGIN = Date.parse('2026-03-02T10:00:00Z')
const PACE = 90

/**
 * How far the views are behind 1,000 ticks per second, on the local stack: ten symbols, ten posts of 100 ticks each
 * second. Every tick has a volume of 1, so the volume of the day is the number of folded ticks.
 */
export async function benchFolds(seconds = SECONDS): Promise<Rows> {
  const stack = await startStack()
  try {
    const cpu = await cpuSeconds(stack.pid())
    const row = await measure(stack, seconds)
    const used = (await cpuSeconds(stack.pid())) - cpu
    return [{ ...row, 'CPU seconds of the stack': Number.isNaN(used) ? 'unknown' : round(used) }]
  } finally {
    await stack.dispose()
  }
}

async function measure(stack: TestStack, seconds: number): Promise<Row> {
  const acceptedAt: number[] = []
  const lags: number[] = []
  const total = TICKS_PER_SECOND * seconds
  let isPosting = true
  const sampling = (async () => {
    while (isPosting) {
      lags.push(lagOf(await foldedTicks(stack), acceptedAt))
      await sleep(SAMPLE_MS)
    }
  })()
  const begin = performance.now()
  await post(stack, acceptedAt, seconds)
  const took = performance.now() - begin
  isPosting = false
  await sampling
  const end = acceptedAt.at(-1) ?? 0
  const missing = await untilFolded(stack, total)
  return {
    ticks: total,
    'ticks per second': round((1000 * total) / took),
    'median lag ms': round(quantile(lags, 0.5)),
    'p95 lag ms': round(quantile(lags, 0.95)),
    'lag at the end ms': round(performance.now() - end),
    'not folded by then': missing,
  }
}

/** Waits until all ticks are folded or the time is up. Returns how many are not folded. */
async function untilFolded(stack: TestStack, total: number): Promise<number> {
  const late = performance.now() + DRAIN_MS
  for (;;) {
    const missing = total - (await foldedTicks(stack))
    if (missing <= 0 || performance.now() > late) return missing
    await sleep(50)
  }
}

/** Posts at a steady rate, whether or not earlier posts are done, and notes when each tick was accepted. */
async function post({ httpUrl }: TestStack, acceptedAt: number[], seconds: number): Promise<void> {
  const begin = performance.now()
  const posts: Promise<unknown>[] = []
  for (let batch = 0; batch < seconds * BATCHES_PER_SECOND; batch++) {
    await sleep(Math.max(0, begin + (batch * 1000) / BATCHES_PER_SECOND - performance.now()))
    const ticks = Array.from({ length: PER_BATCH }, (_, n) => tick(batch * PER_BATCH + n))
    const posted = publishBatch(httpUrl, ticks).then(() => {
      for (let n = 0; n < PER_BATCH; n++) acceptedAt.push(performance.now())
    })
    posted.catch(() => {}) // thrown below, once all are done
    posts.push(posted)
  }
  await Promise.all(posts)
}

function tick(n: number): Record<string, unknown> {
  const symbol = SYMBOLS[n % SYMBOLS.length]
  const time = new Date(BEGIN + n * PACE).toISOString()
  const price = (10_000 + ((n * 7919) % 1000)) / 100
  const data = { symbol, price, volume: 1 }
  return { specversion: '1.0', type: 'market.tick', time, data }
}

/** Returns how many ticks are folded into the quotes of all symbols. */
async function foldedTicks({ httpUrl }: TestStack): Promise<number> {
  const { json } = await get<{ state: Record<string, Quote> }>(`${httpUrl}/views/market/quotes`)
  return Object.values(json.state).reduce((sum, { volume }) => sum + volume, 0)
}

/** Returns for how long the oldest tick that is accepted and not yet folded has waited, in milliseconds. */
function lagOf(folded: number, acceptedAt: readonly number[]): number {
  const oldest = acceptedAt[folded]
  return oldest === undefined ? 0 : performance.now() - oldest
}
