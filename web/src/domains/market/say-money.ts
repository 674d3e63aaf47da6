import { priceUnits, readMoney, sayMoney } from '#shared/domain/market/money.ts'

const MINUS = '−'
const QUANTITY = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** Decimal text as people read it, exactly: "-1013.7000" is "−1,013.70". */
export function sayAmount(text: string): string {
  return sayMoney(readMoney(text)).replace('-', MINUS)
}

/** The same with the sign of a gain: "+12.50". */
export function saySigned(text: string): string {
  const units = readMoney(text)
  return units > 0n ? `+${sayMoney(units)}` : sayAmount(text)
}

/** A price as people read it; "—" for none. */
export function sayPrice(price: number | null | undefined): string {
  const units = priceUnits(price)
  return units === null ? '—' : sayMoney(BigInt(units))
}

/** A change of a price with its sign. */
export function sayChange(change: number): string {
  const units = priceUnits(Math.abs(change))
  if (units === null) return sayMoney(0n)
  return `${change > 0 ? '+' : MINUS}${sayMoney(BigInt(units))}`
}

export function sayQuantity(quantity: number): string {
  return QUANTITY.format(quantity).replace('-', MINUS)
}

/** Per cent with two decimals and its sign. */
export function sayPercent(percent: number): string {
  const text = Math.abs(percent).toFixed(2)
  const sign = Number(text) === 0 ? '' : percent > 0 ? '+' : MINUS
  return `${sign}${text} %`
}

/** Which part of `whole` a gain is, in per cent; null where there is no whole. Both are decimal text. */
export function percentOf(part: string, whole: string): number | null {
  const units = readMoney(whole)
  return units === 0n ? null : Number((readMoney(part) * 10_000n) / units) / 100
}

/** Whether a number or decimal text is a gain, a loss, or neither: a class and a sign, never a colour alone. */
export function directionOf(value: number | string): 'up' | 'down' | 'flat' {
  const sign =
    typeof value === 'string' ? Number(readMoney(value) > 0n) - Number(readMoney(value) < 0n) : value
  return sign > 0 ? 'up' : sign < 0 ? 'down' : 'flat'
}
