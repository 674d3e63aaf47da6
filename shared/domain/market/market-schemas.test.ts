import { describe, expect, it } from 'vitest'
import { market } from './market.ts'

function faults(type: string, data: unknown): string[] {
  const result = market.events[type]?.schema.safeParse(data)
  if (!result) throw new Error(`no ${type}`)
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const order = { orderId: 'o-1', user: 'ada', symbol: 'ACME', side: 'buy', kind: 'market', quantity: 10 }
const alert = { alertId: 'a-1', user: 'ada', symbol: 'ACME', kind: 'price-above', threshold: 105 }

it('every example of the catalog fits its schema', () => {
  for (const [type, { schema }] of Object.entries(market.events)) {
    const examples = (schema.meta()?.examples ?? []) as readonly unknown[]
    expect([type, examples.length]).toEqual([type, 1])
    for (const example of examples) expect([type, faults(type, example)]).toEqual([type, []])
  }
})

describe('a tick', () => {
  it.each([
    [{ price: 0 }, 'price: must be above 0'],
    [{ price: -1 }, 'price: must be above 0'],
    [{ price: 1.00001 }, 'price: must have at most four decimals'],
    [{ price: 2e9 }, 'price: must be at most 1000000000'],
    [{ price: 1, volume: -1 }, 'volume: must not be negative'],
    [{ price: 1, volume: 1.5 }, 'volume: must be a whole number'],
    [{ price: 1, volume: 2e12 }, 'volume: must be at most 1000000000000'],
  ])('%j is refused: %s', (data, fault) => {
    expect(faults('market.tick', data)).toEqual([fault])
  })

  it('may say more, and need not name its symbol or volume', () => {
    expect(faults('market.tick', { price: 1394.46, date: 'Jan 1 2000' })).toEqual([])
  })
})

describe('an order', () => {
  it.each([
    [{ quantity: -5 }, 'quantity: must be at least 1'],
    [{ quantity: 0 }, 'quantity: must be at least 1'],
    [{ quantity: 1.5 }, 'quantity: must be a whole number'],
    [{ quantity: 1_000_001 }, 'quantity: must be at most 1000000'],
    [{ kind: 'limit', limit: -3 }, 'limit: must be above 0'],
    [{ kind: 'limit', limit: 1.23456 }, 'limit: must have at most four decimals'],
    [{ symbol: 'AC.ME' }, 'symbol: must be 1 to 32 letters, digits, "-", "_" or "~" (write BRK-B for BRK.B)'],
    [
      { user: '' },
      'user: must be a name that is not empty and fits a channel: up to 64 letters and digits, or 21 others',
    ],
  ])('with %j is refused: %s', (wrong, fault) => {
    expect(faults('market.order.placed', { ...order, ...wrong })).toEqual([fault])
  })

  it('needs a limit if it is one of that kind, and a kind and side that exist', () => {
    expect(faults('market.order.placed', { ...order, kind: 'limit' })).toHaveLength(1)
    expect(faults('market.order.placed', { ...order, kind: 'stop' })).toHaveLength(1)
    expect(faults('market.order.placed', { ...order, side: 'hold' })).toHaveLength(1)
    expect(faults('market.order.placed', { ...order, kind: 'limit', limit: 101.37 })).toEqual([])
  })
})

describe('an alert', () => {
  it.each([
    [{ threshold: 0 }, 'threshold: must be above 0'],
    [{ threshold: 1.00001 }, 'threshold: must have at most four decimals'],
    [{ kind: 'volume-above', threshold: 0.5 }, 'threshold: must be a whole number'],
  ])('with %j is refused: %s', (wrong, fault) => {
    expect(faults('market.alert.created', { ...alert, ...wrong })).toEqual([fault])
  })

  it('watches a price above, a price below or a volume above', () => {
    const kinds = ['price-above', 'price-below', 'volume-above', 'volume-below']
    const found = kinds.map((kind) => faults('market.alert.created', { ...alert, kind }).length)
    expect(found).toEqual([0, 0, 0, 1])
  })
})
