import { describe, expect, it } from 'vitest'
import { NEW_PORTFOLIO } from '#shared/domain/market/portfolio-view.ts'
import { checkDraft, costProblem, estimate, type OrderDraft, orderProblem, toOrder } from './check-order.ts'

const draft: OrderDraft = { symbol: 'ACME', side: 'buy', kind: 'limit', quantity: '10', limit: '101.37' }

describe('an order ticket', () => {
  it('has no errors when it is filled in', () => {
    expect(checkDraft(draft)).toEqual({})
    expect(checkDraft({ ...draft, kind: 'market', limit: '' })).toEqual({})
  })

  it.each(['', '0', '-5', '1.5', '1e3', '1000001', 'ten'])('refuses "%s" as a quantity', (quantity) => {
    expect(Object.keys(checkDraft({ ...draft, quantity }))).toEqual(['quantity'])
  })

  it.each(['', '0', '-1', '1.00001', '1e5', 'Infinity', '1000000000.5'])(
    'refuses "%s" as a limit',
    (limit) => {
      expect(Object.keys(checkDraft({ ...draft, limit }))).toEqual(['limit'])
    },
  )

  it('leaves the limit out of a market order', () => {
    expect(toOrder({ ...draft, kind: 'market' }, 'o-1', 'ada')).toEqual({
      orderId: 'o-1',
      user: 'ada',
      symbol: 'ACME',
      side: 'buy',
      kind: 'market',
      quantity: 10,
    })
  })
})

describe('what is foreseen of an order', () => {
  it('is the reason that the server would give', () => {
    const dear = toOrder({ ...draft, quantity: '1000', limit: '500' }, 'o-1', 'ada')
    const sale = toOrder({ ...draft, side: 'sell' }, 'o-2', 'ada')

    expect(orderProblem(NEW_PORTFOLIO, dear)).toBe(
      '1000 ACME at 500.00 cost 500,000.00, and 100,000.00 of the cash is free.',
    )
    expect(orderProblem(NEW_PORTFOLIO, sale)).toBe('10 ACME cannot be sold: none are held.')
    expect(orderProblem(NEW_PORTFOLIO, toOrder(draft, 'o-3', 'ada'))).toBeNull()
  })

  it('is the cost to the last decimal, and a warning where cash lacks', () => {
    const market = { ...draft, kind: 'market', quantity: '3' } as const
    const cost = estimate(market, 0.0003)

    expect(cost).toBe(9n)
    expect(estimate({ ...draft, quantity: 'x' }, 5)).toBeNull()
    expect(costProblem(market, 9n, 8n)).toContain('would be rejected')
    expect(costProblem(market, 9n, 9n)).toBeNull()
  })
})
