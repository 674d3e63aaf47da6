/**
 * Money is exact: whole numbers of 1/10,000 of a currency unit. Sums of money are BigInt while they are reckoned with,
 * and decimal text ("1013.7000") where they are written; a single price fits a safe integer. Nothing is ever rounded
 * but a quotient, and what a division leaves stays where it was.
 */
const UNITS = 10_000
const DECIMALS = 4

/** The greatest price, in currency units: its number of 1/10,000 is a safe integer. */
export const MAX_PRICE = 1_000_000_000

/** The 1/10,000 of a price, or null where it has more than four decimals, is not positive or too great. */
export function priceUnits(price: unknown): number | null {
  if (typeof price !== 'number' || !(price > 0 && price <= MAX_PRICE)) return null
  const units = Math.round(price * UNITS)
  // Dividing whole numbers rounds correctly: the quotient is the number that the same decimal text parses to.
  return units / UNITS === price ? units : null
}

/** A price as people and charts take it. */
export function priceNumber(units: number): number {
  return units / UNITS
}

/** Writes money with four decimals: `12345n` is "1.2345". */
export function writeMoney(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(DECIMALS + 1, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`
}

/** Reads what `writeMoney` wrote; anything else is 0, since a state holds nothing else. */
export function readMoney(text: string): bigint {
  return /^-?\d+\.\d{4}$/.test(text) ? BigInt(text.replace('.', '')) : 0n
}

/** Writes money for messages, with two decimals where the others are zero: "1,013.70". */
export function sayMoney(units: bigint): string {
  const [whole = '', decimals = ''] = writeMoney(units).split('.')
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${decimals.replace(/00$/, '')}`
}

/** A quotient rounded to the nearest 1/10,000, halves away from zero. */
export function divideMoney(units: bigint, by: bigint): bigint {
  const half = by / 2n
  return (units < 0n ? units - half : units + half) / by
}
