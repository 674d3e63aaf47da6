import { channelSegment } from '#shared/core/channel.ts'

/*
 * Which channel carries what. The first topic that claims a channel wins, so `market-ticks` takes what has to lie in
 * order with a symbol's ticks, and `market-events` the rest:
 *
 *   market.tick.<SYMBOL>    market-ticks   ticks
 *   market.alert.<SYMBOL>   market-ticks   alerts to watch for, and those to watch for no longer
 *   market.order.<SYMBOL>   market-ticks   orders on their way to the book, and orders to take back
 *   market.candle.<SYMBOL>  market-events  candles that left the live window
 *   market.user.<user>      market-events  all that a user asked for, and all that came of it
 */

/** What the topics of the market claim. */
export const MARKET_TOPICS = {
  'market-ticks': ['market.tick.**', 'market.alert.**', 'market.order.**'],
  'market-events': ['market.**'],
} as const

/** What a symbol is made of where it is not only watched but traded: what a channel can carry unchanged. */
export const SYMBOL_PATTERN = /^[A-Za-z0-9_~-]{1,32}$/

/** Whether a value is a symbol that can be traded. */
export function isSymbol(value: unknown): value is string {
  return typeof value === 'string' && SYMBOL_PATTERN.test(value)
}

/** A symbol as channels and keys of views name it. */
export function symbolKey(symbol: string): string {
  return channelSegment(symbol)
}

/** The channel of what happens to a symbol. */
export function symbolChannel(kind: 'tick' | 'alert' | 'order' | 'candle', symbol: string): string {
  return `market.${kind}.${symbolKey(symbol)}`
}

/** The symbol of a channel that names one as its third segment. */
export function symbolOf(channel: string | undefined): string | undefined {
  const [, , symbol, more] = channel?.split('.') ?? []
  return more === undefined ? symbol : undefined
}

/**
 * A user's name as one segment of a channel: what a segment may not hold is written as `~` and the hexadecimal of its
 * bytes, so that no two users ever share a channel. Null for no name, and one that gets longer than a segment may be.
 */
export function userSegment(user: string): string | null {
  if (!user.isWellFormed()) return null
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  const segment = encodeURIComponent(user)
    .replaceAll(/[.!'()*~]/g, hex)
    .replaceAll('%', '~')
  return segment === '' || segment.length > 64 ? null : segment
}

/** The channel of a user's orders and alerts. */
export function userChannel(user: string): string {
  return `market.user.${userSegment(user) ?? '~'}`
}

/** The user of a channel that `userChannel` made. */
export function userOf(channel: string | undefined): string | undefined {
  const [root, kind, segment, more] = channel?.split('.') ?? []
  if (root !== 'market' || kind !== 'user' || segment === undefined || more !== undefined) return undefined
  try {
    const user = decodeURIComponent(segment.replaceAll('~', '%'))
    return userSegment(user) === segment ? user : undefined
  } catch {
    return undefined // nobody's name is written like this
  }
}
