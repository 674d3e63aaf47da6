import type { Emission, Simulate } from '#shared/domain/define-domain.ts'

/** The traded symbols with their first price, how much the price moves (`swing`) and how much is traded (`lot`). */
const STOCKS = [
  { symbol: 'ACME', price: 101.37, swing: 0.0006, lot: 400 },
  { symbol: 'BRIG', price: 23.8, swing: 0.0011, lot: 900 },
  { symbol: 'CRANE', price: 412.5, swing: 0.0005, lot: 150 },
  { symbol: 'DELTA', price: 58.12, swing: 0.0008, lot: 600 },
  { symbol: 'FERRY', price: 12.04, swing: 0.0014, lot: 1500 },
  { symbol: 'GULF', price: 87.66, swing: 0.0007, lot: 500 },
  { symbol: 'HARBR', price: 154.9, swing: 0.0006, lot: 300 },
  { symbol: 'KEEL', price: 33.41, swing: 0.001, lot: 800 },
  { symbol: 'MOOR', price: 268.2, swing: 0.0005, lot: 200 },
  { symbol: 'TIDE', price: 1040.15, swing: 0.0004, lot: 60 },
] as const

const LONGEST_WAIT_MS = 200
const BURST_CHANCE = 0.002
/** A burst multiplies volume and movement, and decreases with each tick of its symbol. */
const BURST = 12
const FADING = 0.97

type Stock = (typeof STOCKS)[number]
type Walk = { readonly stock: Stock; price: number; burst: number }

/** Simulates trading without end: random walks that return to their first price, with bursts of volume. */
export const simulateMarket: Simulate = function* simulateMarket(random, begin) {
  const walks = STOCKS.map((stock): Walk => ({ stock, price: stock.price, burst: 1 }))
  for (let elapsed = 0; ; ) {
    const waitMs = Math.ceil(random() * LONGEST_WAIT_MS)
    const walk = walks[Math.floor(random() * walks.length)]
    elapsed += waitMs
    if (walk) yield { waitMs, event: tick(walk, random, begin + elapsed) }
  }
}

function tick(walk: Walk, random: () => number, at: number): Emission {
  const { stock } = walk
  walk.burst = random() < BURST_CHANCE ? BURST : 1 + (walk.burst - 1) * FADING
  const pull = (stock.price / walk.price - 1) * 0.0002
  const step = (random() + random() + random() - 1.5) * stock.swing * Math.sqrt(walk.burst)
  walk.price = Math.max(0.01, walk.price * (1 + step + pull))
  const price = Math.round(walk.price * 100) / 100
  const volume = Math.ceil(stock.lot * walk.burst * -Math.log(1 - random()))
  const data = { symbol: stock.symbol, price, volume }
  return { type: 'market.tick', subject: stock.symbol, time: new Date(at).toISOString(), data }
}
