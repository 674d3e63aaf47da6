import { channelSegment, userSegment } from '#shared/core/channel.ts'

/*
 * The channels of the market. The first topic that claims a channel wins: `market-ticks` contains what must be in one
 * order with a symbol's ticks, and `market-events` the rest:
 *
 *   market.tick.<SYMBOL>    market-ticks   ticks
 *   market.alert.<SYMBOL>   market-ticks   alerts that are armed or disarmed
 *   market.order.<SYMBOL>   market-ticks   orders for the book, and orders to withdraw
 *   market.candle.<SYMBOL>  market-events  candles that left the live window
 *   market.user.<user>      market-events  the requests of a user, and their results
 */

/** The channels that each topic of the market claims. */
export const MARKET_TOPICS = {
  'market-ticks': ['market.tick.**', 'market.alert.**', 'market.order.**'],
  'market-events': ['market.**'],
} as const

/** A symbol that can be traded: only characters that a channel can contain unchanged. */
export const SYMBOL_PATTERN = /^[A-Za-z0-9_~-]{1,32}$/

/** Whether a value is a symbol that can be traded. */
export function isSymbol(value: unknown): value is string {
  return typeof value === 'string' && SYMBOL_PATTERN.test(value)
}

/** Returns a symbol as channels and keys of views contain it. */
export function symbolKey(symbol: string): string {
  return channelSegment(symbol)
}

/** Returns a channel of a symbol. */
export function symbolChannel(kind: 'tick' | 'alert' | 'order' | 'candle', symbol: string): string {
  return `market.${kind}.${symbolKey(symbol)}`
}

/** Returns the symbol of a channel, its third segment; undefined if the channel has none. */
export function symbolOf(channel: string | undefined): string | undefined {
  const [, , symbol, more] = channel?.split('.') ?? []
  return more === undefined ? symbol : undefined
}

/** Returns the channel of a user's orders and alerts. */
export function userChannel(user: string): string {
  return `market.user.${userSegment(user) ?? '~'}`
}

/** Returns the user of a channel that `userChannel` returned; undefined for any other channel. */
export function userOf(channel: string | undefined): string | undefined {
  const [root, kind, segment, more] = channel?.split('.') ?? []
  if (root !== 'market' || kind !== 'user' || segment === undefined || more !== undefined) return undefined
  try {
    const user = decodeURIComponent(segment.replaceAll('~', '%'))
    return userSegment(user) === segment ? user : undefined
  } catch {
    return undefined // not percent-encoded UTF-8
  }
}
