import { describe, expect, it } from 'vitest'
import { checkAlert, readThreshold, sayCondition, sayTrigger } from './check-alert.ts'

const draft = { symbol: 'ACME', kind: 'price-above', threshold: '105' } as const

describe('an alert as it is typed', () => {
  it('takes a price for prices and whole shares for volume', () => {
    expect(readThreshold({ ...draft, threshold: '105.0201' })).toBe(105.0201)
    expect(readThreshold({ ...draft, kind: 'volume-above', threshold: '5000' })).toBe(5000)
  })

  it('says what is wrong, in the words of what it watches', () => {
    expect(checkAlert(draft)).toEqual({})
    expect(checkAlert({ ...draft, threshold: '-1' }).threshold).toContain('a price above 0')
    expect(checkAlert({ ...draft, kind: 'volume-above', threshold: '1.5' }).threshold).toContain(
      'whole number of shares',
    )
    expect(checkAlert({ ...draft, symbol: '' }).symbol).toBe('Choose what to watch.')
  })

  it('is described in words', () => {
    const alert = { ...draft, threshold: 105, alertId: 'a', status: 'triggered', createdAt: '' } as const
    expect(sayCondition(alert)).toBe('Price at or above 105.00')
    expect(sayTrigger({ ...alert, price: 105.02 })).toBe('ACME traded at 105.02')
    expect(sayTrigger({ ...alert, kind: 'volume-above', volume: 5000 })).toBe(
      '5,000 ACME were traded at once',
    )
  })
})
