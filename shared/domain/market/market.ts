import type * as z from 'zod'
import { type Derived, defineDomain } from '#shared/domain/define-domain.ts'
import { MARKET_TOPICS, symbolChannel, symbolKey, userChannel } from './market-channels.ts'
import * as schemas from './market-schemas.ts'
import { marketViews } from './market-views.ts'
import { simulateMarket } from './simulate-market.ts'

type OfUser = { readonly user: string }
type OfSymbol = { readonly symbol: string }

const userCategory: Derived<OfUser> = {
  rule: '"market.user.<user>"',
  of: ({ user }) => userChannel(user),
}

/** Defines an event of a user's partition. */
function ofUser<Data extends OfUser>(schema: z.ZodType<Data>, description: string, example: object) {
  return {
    schema: schema.meta({ description, examples: [example] }),
    category: userCategory,
    key: ({ user }: OfUser) => user,
  }
}

/** Defines what a user asks for. Who that is, the server says. */
function request<Data extends OfUser>(schema: z.ZodType<Data>, description: string, example: object) {
  return { ...ofUser(schema, description, example), actor: 'user' }
}

/** Defines what became of a request: only views write it. */
function result<Data extends OfUser>(schema: z.ZodType<Data>, description: string, example: object) {
  return { ...ofUser(schema, description, example), isInternal: true as const }
}

/** Defines an event of a symbol's partition, in one order with its ticks: only views write it. */
function ofSymbol<Data extends OfSymbol>(
  kind: 'alert' | 'order' | 'candle',
  schema: z.ZodType<Data>,
  description: string,
  example: object,
) {
  return {
    schema: schema.meta({ description, examples: [example] }),
    category: {
      rule: `"market.${kind}.<symbol>"`,
      of: ({ symbol }: OfSymbol) => symbolChannel(kind, symbol),
    },
    key: ({ symbol }: OfSymbol) => symbolKey(symbol),
    isInternal: true as const,
  }
}

const ref = { orderId: 'o-1', user: 'ada' }
const order = { ...ref, symbol: 'ACME', side: 'buy', kind: 'limit', quantity: 10, limit: 101.37 }
const alertRef = { alertId: 'a-1', user: 'ada' }
const alert = { ...alertRef, symbol: 'ACME', kind: 'price-above', threshold: 105 }

/**
 * The market. Users place orders and create alerts, and request to cancel or delete them. The views emit the results,
 * each in the partition that has the facts (docs/adr/0010): a user's partition has cash and shares, a symbol's the prices.
 */
export const market = defineDomain({
  ...marketViews,
  topics: MARKET_TOPICS,
  simulate: simulateMarket,
  events: {
    'market.tick': {
      schema: schemas.tick.meta({
        description: 'A trade or a quote.',
        examples: [{ symbol: 'ACME', price: 101.37, volume: 1200 }],
      }),
      category: {
        rule: '"market.tick.<symbol>", or "market.tick" without a symbol, which no view folds',
        of: ({ symbol }) => (symbol === undefined ? 'market.tick' : symbolChannel('tick', symbol)),
      },
      key: ({ symbol }) => symbol && symbolKey(symbol),
      // Orders and alerts of users that it meets, and the candle that it closes, are not its data.
      isRepeated: false,
    },
    'market.candle.archived': ofSymbol(
      'candle',
      schemas.candle,
      'A candle left the live window. Written by the view "candles".',
      {
        symbol: 'ACME',
        interval: '1m',
        begin: '2026-03-01T10:00:00Z',
        open: 101.37,
        high: 101.5,
        low: 101.2,
        close: 101.4,
        volume: 5600,
        openedAt: '2026-03-01T10:00:00.120Z',
        closedAt: '2026-03-01T10:00:59.870Z',
      },
    ),

    'market.order.placed': request(schemas.order, 'A user places an order.', order),
    'market.order.cancel-requested': request(
      schemas.orderRef,
      'A user requests to cancel an open order.',
      ref,
    ),
    'market.order.accepted': result(
      schemas.order,
      'Cash or shares are sufficient: the order is open. Written by "portfolio".',
      order,
    ),
    'market.order.rejected': result(
      schemas.orderWith.reason,
      'The order was not carried out. Written by "portfolio".',
      { ...order, reason: '10 ACME at 101.37 cost 1,013.70, and 500.00 of the cash is free.' },
    ),
    'market.order.filled': result(
      schemas.orderWith.settlement,
      'The order was carried out and settled; "realised" is the profit of a sale. Written by "portfolio".',
      { ...order, price: 101.3, value: '1013.0000' },
    ),
    'market.order.cancelled': result(
      schemas.orderRef,
      'The order no longer waits. Written by "book".',
      order,
    ),
    'market.order.cancel-refused': result(
      schemas.orderRefWithReason,
      'There is no such open order. Written by "portfolio".',
      { ...ref, reason: 'You have no open order "o-1".' },
    ),
    'market.order.matched': result(
      schemas.orderWith.price,
      'The order met its price and must be settled. Written by "book".',
      { ...order, price: 101.3 },
    ),
    'market.order.unmatched': result(
      schemas.orderWith.reason,
      'The order cannot meet a price. Written by "book".',
      { ...order, reason: 'Unknown symbol ACME: nothing has been traded under it.' },
    ),
    'market.order.routed': ofSymbol(
      'order',
      schemas.order,
      'An accepted order for the book. Written by "portfolio".',
      order,
    ),
    'market.order.withdrawn': ofSymbol(
      'order',
      schemas.orderRefOfSymbol,
      'An order that must be removed from the book. Written by "portfolio".',
      { ...ref, symbol: 'ACME' },
    ),

    'market.alert.created': request(
      schemas.alert,
      'A user creates an alert, which is triggered once when a tick reaches the threshold.',
      alert,
    ),
    'market.alert.deleted': request(
      schemas.alertRef,
      'A user deletes an alert, or removes a triggered one from the list.',
      alertRef,
    ),
    'market.alert.triggered': result(
      schemas.triggeredAlert,
      'A tick reached the threshold. Written by "alerts".',
      { ...alert, price: 105.02, volume: 1200, at: '2026-03-01T10:00:00Z' },
    ),
    'market.alert.refused': result(
      schemas.alertRefWithReason,
      'An alert was not accepted, or not deleted. Written by "user-alerts" and "alerts".',
      { ...alertRef, reason: 'You have no alert "a-1".' },
    ),
    'market.alert.armed': ofSymbol(
      'alert',
      schemas.alert,
      'An alert that starts to watch the ticks of its symbol. Written by "user-alerts".',
      alert,
    ),
    'market.alert.disarmed': ofSymbol(
      'alert',
      schemas.alertRefOfSymbol,
      'An alert that stops watching. Written by "user-alerts".',
      { ...alertRef, symbol: 'ACME' },
    ),
  },
})
