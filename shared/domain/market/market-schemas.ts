import * as z from 'zod'
import { userSegment } from '#shared/core/channel.ts'
import { ALERT_KINDS } from './alert-views.ts'
import { SYMBOL_PATTERN } from './market-channels.ts'
import { MAX_PRICE, priceUnits } from './money.ts'
import { MAX_QUANTITY } from './orders-view.ts'
import { MAX_ID } from './read-event.ts'
import { INTERVALS, type Interval, MAX_VOLUME } from './series.ts'

/** Prices are exact in 1/10,000 (see money.ts): a price with more decimals is refused, not rounded. */
const price = z
  .number()
  .positive('must be above 0')
  .max(MAX_PRICE, `must be at most ${MAX_PRICE}`)
  .refine((value) => !(value > 0 && value <= MAX_PRICE) || priceUnits(value) !== null, {
    error: 'must have at most four decimals',
  })
  .meta({
    description: `In currency units: above 0, at most ${MAX_PRICE}, with at most four decimals.`,
    examples: [101.37],
  })
const volume = z
  .int('must be a whole number')
  .min(0, 'must not be negative')
  .max(MAX_VOLUME, `must be at most ${MAX_VOLUME}`)
  .meta({ description: `A whole number from 0 to ${MAX_VOLUME}.`, examples: [1200] })
const quantity = z
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .max(MAX_QUANTITY, `must be at most ${MAX_QUANTITY}`)
  .meta({ description: `The number of shares: a whole number from 1 to ${MAX_QUANTITY}.`, examples: [10] })
const symbol = z
  .string()
  .regex(SYMBOL_PATTERN, 'must be 1 to 32 letters, digits, "-", "_" or "~" (write BRK-B for BRK.B)')
  .meta({
    description:
      'The traded symbol: 1 to 32 letters, digits, "-", "_" or "~", case-sensitive. If ticks have a symbol with other characters, each of these is "-" here: BRK-B for BRK.B.',
    examples: ['ACME'],
  })
const user = z
  .string()
  .refine((name) => userSegment(name) !== null, {
    error: 'must be a name that is not empty and fits a channel: up to 64 letters and digits, or 21 others',
  })
  .meta({
    description:
      'The user. In the channel market.user.<user>, each byte of a character that is not a letter, digit, "-" or "_" is "~" and two hexadecimal digits; the result may have 64 characters.',
    examples: ['operator@tidewire.local'],
  })
const id = z.string().min(1).max(MAX_ID)
const orderId = id.meta({
  description: `Chosen by the user, unique for the user; up to ${MAX_ID} characters.`,
  examples: ['o-1'],
})
const alertId = id.meta({
  description: `Chosen by the user, unique for the user; up to ${MAX_ID} characters.`,
  examples: ['a-1'],
})
const time = z.iso.datetime({ offset: true }).meta({ examples: ['2026-03-01T10:00:00Z'] })
const reason = z.string().min(1).max(500).meta({ description: 'The reason, as shown to users.' })
const money = z
  .string()
  .regex(/^-?\d{1,24}\.\d{4}$/, 'must be decimal text with four decimals')
  .meta({ description: 'Money as decimal text with four decimals.', examples: ['1013.7000'] })

export const tick = z.looseObject({
  price,
  volume: volume.optional(),
  symbol: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .meta({
      description: 'The traded symbol. If it is missing, the category contains it: market.tick.<symbol>.',
      examples: ['ACME'],
    }),
})

const fields = {
  orderId,
  user,
  symbol,
  side: z.enum(['buy', 'sell']),
  quantity,
}
const marketOrder = z.looseObject({ ...fields, kind: z.literal('market') })
const limitOrder = z.looseObject({
  ...fields,
  kind: z.literal('limit'),
  limit: price.meta({
    description:
      'The maximum price of a buy order, or the minimum price of a sell order, for one share; with at most four decimals.',
  }),
})
export const order = z.discriminatedUnion('kind', [marketOrder, limitOrder])
export const orderWith = {
  reason: z.discriminatedUnion('kind', [
    z.looseObject({ ...marketOrder.shape, reason }),
    z.looseObject({ ...limitOrder.shape, reason }),
  ]),
  price: z.discriminatedUnion('kind', [
    z.looseObject({ ...marketOrder.shape, price }),
    z.looseObject({ ...limitOrder.shape, price }),
  ]),
  settlement: z.discriminatedUnion('kind', [
    z.looseObject({ ...marketOrder.shape, price, value: money, realised: money.optional() }),
    z.looseObject({ ...limitOrder.shape, price, value: money, realised: money.optional() }),
  ]),
}
export const orderRef = z.looseObject({ orderId, user })
export const orderRefOfSymbol = z.looseObject({ orderId, user, symbol })
export const orderRefWithReason = z.looseObject({ orderId, user, reason })

const alertFields = { alertId, user, symbol }
const priceAlert = z.looseObject({
  ...alertFields,
  kind: z.enum([ALERT_KINDS[0], ALERT_KINDS[1]]),
  threshold: price.meta({ description: 'A price; a tick at this price triggers the alert too.' }),
})
const volumeAlert = z.looseObject({
  ...alertFields,
  kind: z.literal(ALERT_KINDS[2]),
  threshold: volume.min(1).meta({
    description: `The volume of one tick, from 1 to ${MAX_VOLUME}; a tick of exactly this volume triggers the alert too.`,
  }),
})
export const alert = z.discriminatedUnion('kind', [priceAlert, volumeAlert])
export const triggeredAlert = z.discriminatedUnion('kind', [
  z.looseObject({ ...priceAlert.shape, price, volume, at: time }),
  z.looseObject({ ...volumeAlert.shape, price, volume, at: time }),
])
export const alertRef = z.looseObject({ alertId, user })
export const alertRefOfSymbol = z.looseObject({ alertId, user, symbol })
export const alertRefWithReason = z.looseObject({ alertId, user, reason })

const intervals = Object.keys(INTERVALS) as [Interval, ...Interval[]]
export const candle = z.looseObject({
  symbol,
  interval: z.enum(intervals),
  begin: time,
  open: price,
  high: price,
  low: price,
  close: price,
  volume: z.int().min(0),
  openedAt: time,
  closedAt: time,
})
