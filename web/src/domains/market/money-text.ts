import { MAX_PRICE, priceUnits, readMoney, sayMoney } from '#shared/domain/market/money.ts'

const MINUS = '−'
const QUANTITY = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** Writes decimal text for a reader, exactly: "-1013.7000" is "−1,013.70". */
export function sayAmount(text: string): string {
  return sayMoney(readMoney(text)).replace('-', MINUS)
}

/** Writes decimal text with the sign of a gain: "+12.50". */
export function saySigned(text: string): string {
  const units = readMoney(text)
  return units > 0n ? `+${sayMoney(units)}` : sayAmount(text)
}

/** Writes a price in currency units; "—" for none. */
export function sayPrice(price: number | null | undefined): string {
  const units = priceUnits(price)
  return units === null ? '—' : sayMoney(BigInt(units))
}

/** Writes the change of a price with its sign. */
export function sayChange(change: number): string {
  const units = priceUnits(Math.abs(change))
  if (units === null) return sayMoney(0n)
  return `${change > 0 ? '+' : MINUS}${sayMoney(BigInt(units))}`
}

export function sayQuantity(quantity: number): string {
  return QUANTITY.format(quantity).replace('-', MINUS)
}

/** Writes a percentage with two decimals and its sign. */
export function sayPercent(percent: number): string {
  const text = Math.abs(percent).toFixed(2)
  const sign = Number(text) === 0 ? '' : percent > 0 ? '+' : MINUS
  return `${sign}${text} %`
}

/** Returns which part of `whole` a gain is, in per cent; null if `whole` is zero. Both are decimal text. */
export function percentOf(part: string, whole: string): number | null {
  const units = readMoney(whole)
  return units === 0n ? null : Number((readMoney(part) * 10_000n) / units) / 100
}

/** Returns whether a number or decimal text is a gain, a loss, or neither. */
export function directionOf(value: number | string): 'up' | 'down' | 'flat' {
  const sign =
    typeof value === 'string' ? Number(readMoney(value) > 0n) - Number(readMoney(value) < 0n) : value
  return sign > 0 ? 'up' : sign < 0 ? 'down' : 'flat'
}

/** Reads a price as it is typed. Returns null for anything else, and for more than four decimals. */
export function readPrice(text: string): number | null {
  const price = Number(text)
  return /^\d{1,10}(\.\d{1,4})?$/.test(text.trim()) && priceUnits(price) !== null ? price : null
}

/** What a field says in which `readPrice` finds no price. */
export const PRICE_WANTED = `Enter a price above 0 and up to ${MAX_PRICE.toLocaleString('en')}, with four decimals at most.`

/** Reads a whole number from 1 to `max` as it is typed. Returns null for anything else. */
export function readWhole(text: string, max: number): number | null {
  const whole = Number(text)
  return /^\d{1,10}$/.test(text.trim()) && whole >= 1 && whole <= max ? whole : null
}
