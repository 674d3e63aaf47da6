import { describe, expect, it } from 'vitest'
import { addressOf, INTERVAL_NAMES, readAddress, TABS } from './market-address.ts'

describe('the address of the market', () => {
  it('leads back to what was looked at, whatever tab, symbol and interval', () => {
    for (const [tab] of TABS)
      for (const interval of INTERVAL_NAMES)
        for (const symbol of [null, 'ACME', 'BRK-B']) {
          const [path = '', query = ''] = addressOf(tab, { symbol, interval }).split('?')
          const found = readAddress(path.split('/')[2], Object.fromEntries(new URLSearchParams(query)))
          expect(found).toEqual({ tab, symbol, interval })
        }
  })

  it('takes what it does not know for the default, but says that there is no such tab', () => {
    expect(readAddress('nowhere', { symbol: '<script>', interval: '2m' })).toEqual({
      tab: null,
      symbol: null,
      interval: '1m',
    })
  })
})
