import { describe, expect, it } from 'vitest'
import { takeSimulated } from '#shared/testing/domain/take-simulated.ts'
import { market } from './market.ts'

const MIDNIGHT = Date.parse('2026-03-01T00:00:00Z')
type Data = { readonly symbol: string; readonly price: number; readonly volume: number }
const simulate = (seed: number, count: number) => takeSimulated(market, seed, count, MIDNIGHT)
const dataOf = (seed: number, count: number) => simulate(seed, count).map(({ event }) => event.data as Data)

describe('the simulated market', () => {
  it('is the same for the same seed, and another one otherwise', () => {
    expect(simulate(1, 2000)).toEqual(simulate(1, 2000))
    expect(dataOf(2, 2000)).not.toEqual(dataOf(1, 2000))
  })

  it('trades ten symbols at prices and volumes that the catalog takes, at times that grow', () => {
    const events = simulate(3, 20_000)
    const faulty = events.filter(
      ({ event }) => !market.events['market.tick']?.schema.safeParse(event.data).success,
    )
    const times = events.map(({ event }) => Date.parse(event.time ?? ''))

    expect(faulty).toEqual([])
    expect(new Set(events.map(({ event }) => event.subject)).size).toBe(10)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect((times.at(-1) ?? 0) - MIDNIGHT).toBe(events.reduce((sum, { waitMs }) => sum + waitMs, 0))
  })

  it('walks without running away, and trades in bursts', () => {
    const data = dataOf(5, 200_000).filter(({ symbol }) => symbol === 'ACME')
    const prices = data.map(({ price }) => price)
    const volumes = data.map(({ volume }) => volume).sort((a, b) => a - b)

    expect(Math.min(...prices)).toBeGreaterThan(101.37 / 2)
    expect(Math.max(...prices)).toBeLessThan(101.37 * 2)
    expect(new Set(prices).size).toBeGreaterThan(100)
    const middle = volumes[Math.floor(volumes.length / 2)] ?? 0
    expect(volumes[Math.floor(volumes.length * 0.99)] ?? 0).toBeGreaterThan(8 * middle)
  })
})
