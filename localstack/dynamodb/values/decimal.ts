import { invalid } from '../dynamo-error.ts'

// DynamoDB's numbers: up to 38 significant digits between 1E-130 and 9.99…E+125, kept and returned as plain decimals.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html

/** ±0.`digits` × 10^`exponent`; without zeros at either end of the digits, and zero has none. */
type Decimal = { readonly isNegative: boolean; readonly digits: string; readonly exponent: number }

const MAX_DIGITS = 38
const MAX_EXPONENT = 126
const MIN_EXPONENT = -129
const CANONICAL_INTEGER = /^(?:0|-?[1-9]\d{0,37})$/
/** Within this length every integer is exact as a JavaScript number. */
const SAFE_LENGTH = 15
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/** Returns a number as DynamoDB returns it: "1.50e1" is "15". Throws ValidationException if it is none. */
export function canonicalNumber(text: string): string {
  return CANONICAL_INTEGER.test(text) ? text : toText(parse(text))
}

/** Compares two canonical numbers: negative, 0 or positive. */
export function compareNumbers(left: string, right: string): number {
  if (left === right) return 0
  if (isSafe(left) && isSafe(right)) return Number(left) - Number(right)
  return sortableNumber(left) < sortableNumber(right) ? -1 : 1
}

/** Returns the canonical sum of two canonical numbers. Throws ValidationException if it has more than 38 digits. */
export function addNumbers(left: string, right: string): string {
  if (isSafe(left) && isSafe(right)) return String(Number(left) + Number(right) + 0)
  const [a, b] = [parse(left), parse(right)]
  const scale = Math.min(a.exponent - a.digits.length, b.exponent - b.digits.length)
  const sum = toScaled(a, scale) + toScaled(b, scale)
  return toText(parse(`${sum}e${scale}`))
}

/** Returns the negation of a canonical number. */
export function negateNumber(text: string): string {
  if (text === '0') return text
  return text.startsWith('-') ? text.slice(1) : `-${text}`
}

/** Returns a text that orders as the canonical number does: sign, exponent, digits; complemented below zero. */
export function sortableNumber(text: string): string {
  const { isNegative, digits, exponent } = isSafe(text) ? safeDecimal(text) : parse(text)
  if (digits === '') return '1'
  if (!isNegative) return `2${exponent + 500}${digits}`
  // The last character is above every digit: -1.2 is above -1.23.
  return `0${499 - exponent}${digits.replace(/\d/g, (digit) => String(9 - Number(digit)))}~`
}

function isSafe(text: string): boolean {
  return text.length <= SAFE_LENGTH && !text.includes('.')
}

function safeDecimal(text: string): Decimal {
  const isNegative = text.startsWith('-')
  const integer = isNegative ? text.slice(1) : text
  const digits = integer.replace(/0+$/, '')
  return { isNegative, digits, exponent: integer.length }
}

function parse(text: string): Decimal {
  const [, sign, integer = '', fraction = '', power = '0'] = NUMBER.exec(text) ?? []
  const all = integer + fraction
  if (all === '')
    throw invalid(`The parameter cannot be converted to a numeric value${text === '' ? '' : `: ${text}`}`)
  const significant = all.replace(/^0+/, '')
  const digits = significant.replace(/0+$/, '')
  if (digits === '') return { isNegative: false, digits, exponent: 0 }
  const exponent = integer.length - (all.length - significant.length) + Number(power)
  if (exponent > MAX_EXPONENT)
    throw invalid('Number overflow. Attempting to store a number with magnitude larger than supported range')
  if (exponent < MIN_EXPONENT)
    throw invalid(
      'Number underflow. Attempting to store a number with magnitude smaller than supported range',
    )
  if (digits.length > MAX_DIGITS)
    throw invalid('Attempting to store more than 38 significant digits in a Number')
  return { isNegative: sign === '-', digits, exponent }
}

function toText({ isNegative, digits, exponent }: Decimal): string {
  if (digits === '') return '0'
  const sign = isNegative ? '-' : ''
  if (exponent <= 0) return `${sign}0.${'0'.repeat(-exponent)}${digits}`
  if (exponent >= digits.length) return `${sign}${digits}${'0'.repeat(exponent - digits.length)}`
  return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`
}

function toScaled({ isNegative, digits, exponent }: Decimal, scale: number): bigint {
  const scaled = BigInt(digits === '' ? '0' : digits + '0'.repeat(exponent - digits.length - scale))
  return isNegative ? -scaled : scaled
}
