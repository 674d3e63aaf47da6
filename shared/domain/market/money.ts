/**
 * Money is exact: whole numbers of 1/10,000 of a currency unit. Sums of money are BigInt in calculations, and decimal
 * text ("1013.7000") in states and events. A single price fits a safe integer. Only quotients are rounded, and the
 * remainder of a division stays in the dividend.
 */
const UNITS = 10_000
const DECIMALS = 4

/** The maximum price in currency units: in 1/10,000 it is a safe integer. */
export const MAX_PRICE = 1_000_000_000

/** Returns a price in 1/10,000; null if it has more than four decimals, is not positive or above the maximum. */
export function priceUnits(price: unknown): number | null {
  if (typeof price !== 'number' || !(price > 0 && price <= MAX_PRICE)) return null
  const units = Math.round(price * UNITS)
  // Dividing whole numbers rounds correctly: the quotient is the number that the same decimal text parses to.
  return units / UNITS === price ? units : null
}

/** Returns a price in currency units. */
export function priceNumber(units: number): number {
  return units / UNITS
}

/** Returns money as decimal text with four decimals: `12345n` is "1.2345". */
export function writeMoney(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(DECIMALS + 1, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`
}

/** Returns the money of a text of `writeMoney`; 0 for any other text, which no state contains. */
export function readMoney(text: string): bigint {
  return /^-?\d+\.\d{4}$/.test(text) ? BigInt(text.replace('.', '')) : 0n
}

/** Returns money for messages, with two decimals if the others are zero: "1,013.70". */
export function sayMoney(units: bigint): string {
  const [whole = '', decimals = ''] = writeMoney(units).split('.')
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${decimals.replace(/00$/, '')}`
}

/** Returns a quotient rounded to the nearest 1/10,000, halves away from zero. */
export function divideMoney(units: bigint, by: bigint): bigint {
  const half = by / 2n
  return (units < 0n ? units - half : units + half) / by
}
