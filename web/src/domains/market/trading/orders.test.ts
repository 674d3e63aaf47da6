import { describe, expect, it } from 'vitest'
import type { OrderRecord } from '#shared/domain/market/orders-view.ts'
import { sayOrder, sayOutcome } from './orders.ts'

const order: OrderRecord = {
  orderId: 'o-1',
  symbol: 'ACME',
  side: 'buy',
  kind: 'limit',
  quantity: 1000,
  limit: 101.37,
  status: 'accepted',
  placedAt: '',
  updatedAt: '',
}

describe('an order in words', () => {
  it('says what it asks for', () => {
    const { limit: _, ...market } = order
    expect(sayOrder(order)).toBe('Buy 1,000 ACME at 101.37 or better')
    expect(sayOrder({ ...market, side: 'sell' })).toBe('Sell 1,000 ACME')
  })

  it('says what became of it', () => {
    expect(sayOutcome(undefined)).toBe('Sent. Waiting for the market…')
    expect(sayOutcome(order)).toBe('Open. It waits for 101.37.')
    expect(sayOutcome({ ...order, status: 'rejected', reason: 'None of the cash is free.' })).toBe(
      'Rejected. None of the cash is free.',
    )
    expect(sayOutcome({ ...order, status: 'filled', price: 101.3001 })).toBe(
      'Filled. Bought 1,000 ACME at 101.3001 for 101,300.10.',
    )
    expect(sayOutcome({ ...order, side: 'sell', status: 'filled', price: 102, realised: '-5.0000' })).toBe(
      'Filled. Sold 1,000 ACME at 102.00 for 102,000.00. Realised gain: −5.00.',
    )
  })
})
