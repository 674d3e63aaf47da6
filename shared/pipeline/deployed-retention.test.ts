import { describe, expect, test } from 'vitest'
import { DEFAULT_RETENTION, parseRetention } from '#shared/core/retention.ts'
import { domains } from '#shared/domain/catalog.ts'
import { defineDomain, type View } from '#shared/domain/define-domain.ts'
import { deployedRetention } from './deployed-retention.ts'

const DAY = 86_400

const view = (channels: readonly string[], keepDays?: number): View => ({
  description: '',
  lateEvents: '',
  channels,
  initial: () => 0,
  apply: (state) => state,
  ...(keepDays !== undefined && { keepDays }),
})
const shop = defineDomain({
  name: 'shop',
  topics: { orders: ['shop.order'], visits: ['shop.visit'] },
  events: {},
  views: {
    baskets: view(['shop.order'], 20),
    totals: view(['shop.order']),
    both: view(['shop.order', 'shop.visit'], 1),
  },
})
const deployed = (text: string) => deployedRetention(parseRetention(text), [shop])

describe('a retention in force', () => {
  test('keeps a view as its domain says where the setting does not, otherwise for good', () => {
    const { ofView } = deployed('1d,shop/both=3d')

    expect([ofView('shop/baskets'), ofView('shop/totals'), ofView('shop/both')]).toEqual([
      20 * DAY,
      undefined,
      3 * DAY,
    ])
  })

  test('keeps a view at least as long as the events that it folds', () => {
    const { ofView } = deployed('1d,orders=30d')

    expect([ofView('shop/baskets'), ofView('shop/both')]).toEqual([30 * DAY, 30 * DAY])
  })

  test('leaves what is said of topics as it is', () => {
    const { ofTopic, claims } = deployed('1d,orders=30d')

    expect([ofTopic('events'), ofTopic('orders')]).toEqual([DAY, 30 * DAY])
    expect(claims).toBe(parseRetention('30d').claims)
  })

  test.each([
    ['7d,order=2d', 'order is no topic; there are events, orders, visits'],
    ['7d,shop/basket=9d', 'shop/basket is no view; there are shop/baskets, shop/both, shop/totals'],
    ['7d,shop/totals=6d', 'shop/totals=6d is less than the 7d of the events in orders that it folds'],
    ['7d,visits=9d,shop/both=8d', 'shop/both=8d is less than the 9d of the events in visits that it folds'],
    ['7d,a=1d,b/c=9d', /a is no topic.*; b\/c is no view/],
  ])('is refused with the reason: %s', (text, reason) => {
    expect(() => deployed(text)).toThrow(reason)
  })
})

test('the default of this deployment is in force as it is written', () => {
  const { ofView, ofTopic } = deployedRetention(parseRetention(DEFAULT_RETENTION), domains)

  expect(ofTopic('port-events')).toBe(7 * DAY)
  expect(ofView('port/cases')).toBe(90 * DAY)
})
