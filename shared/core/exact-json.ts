// JSON whose numbers keep their digits. A double holds about 16 of them, and `JSON.parse` rounds what has more. Such
// a number becomes what `JSON.rawJSON` makes of its text, which `JSON.stringify` writes back as it was:
// https://github.com/tc39/proposal-json-parse-with-source
//   number   = ["-"] int ["." 1*DIGIT] [("e" / "E") ["-" / "+"] 1*DIGIT]     RFC 8259 §6
//   exact    = a number for which JavaScript writes the same value
//   raw      = any other: 9007199254740993, 1e400, 1e-400, -0, 0.1234567890123456789

declare global {
  interface JSON {
    /** Missing in old browsers: https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/JSON/rawJSON */
    rawJSON?(text: string): RawNumber
    isRawJSON?(value: unknown): value is RawNumber
  }
}

/** A number with digits that a double would lose. A copy of it is an object like any other: do not spread or clone it. */
export type RawNumber = { readonly rawJSON: string }

/**
 * Parses JSON. A number that JavaScript would write with another value is a `RawNumber`, every other one a number; so
 * `JSON.stringify` of the result loses no digit. Where there is no `JSON.rawJSON`, all numbers are plain. What is
 * nested deeper than the stack allows has plain numbers too: no event may be so deep. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  const { rawJSON } = JSON
  if (rawJSON === undefined || !hasLongNumber(text)) return JSON.parse(text)
  try {
    return JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) => {
      const source = context?.source
      return typeof value !== 'number' || source === undefined || isExact(source, value)
        ? value
        : rawJSON(source)
    })
  } catch (error) {
    if (error instanceof RangeError) return JSON.parse(text) // a reviver recurses, the parser does not
    throw error
  }
}

/**
 * Returns the tree with a double for each raw number, which may be infinite: what code computes with. It is the same
 * tree if it has none. What is nested deeper than any event may be stays as it is.
 */
export function approximate<T>(tree: T): T
export function approximate(tree: unknown): unknown {
  return hasRawNumber(tree, DEEPEST) ? toPlainNumbers(tree, DEEPEST) : tree
}

/** Far more levels than an event may have, far fewer than the stack takes. */
const DEEPEST = 500

function hasRawNumber(tree: unknown, levels: number): boolean {
  if (typeof tree !== 'object' || tree === null || levels === 0) return false
  if (digitsOf(tree) !== undefined) return true
  for (const member of Array.isArray(tree) ? tree : Object.values(tree))
    if (hasRawNumber(member, levels - 1)) return true
  return false
}

function toPlainNumbers(tree: unknown, levels: number): unknown {
  if (typeof tree !== 'object' || tree === null || levels === 0) return tree
  const digits = digitsOf(tree)
  if (digits !== undefined) return Number(digits)
  if (Array.isArray(tree)) return tree.map((item) => toPlainNumbers(item, levels - 1))
  return Object.fromEntries(
    Object.entries(tree).map(([name, member]) => [name, toPlainNumbers(member, levels - 1)]),
  )
}

/** Returns the digits of a raw number as they were sent; undefined for everything else, plain numbers included. */
export function digitsOf(value: unknown): string | undefined {
  return JSON.isRawJSON?.(value) ? value.rawJSON : undefined
}

/** Returns a number as JSON writes it, a raw one with all its digits; undefined for everything else. */
export function numberText(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : digitsOf(value)
}

/** No number of fewer characters is inexact, unless it has an exponent or is the negative zero. */
const SHORTEST_LONG = 16

/**
 * What may be an inexact number, behind what may precede a number. It finds some in strings too, which costs time
 * only. A UUID such as 3e4b… is none, because of the quotation mark before it.
 */
const LONG_NUMBER = new RegExp(
  `(?:^|[\\s,:[])(-?(?:[\\d.]{${SHORTEST_LONG},}(?:[eE][+-]?\\d+)?|[\\d.]+[eE][+-]?\\d+|(?<=-)0(?:\\.0+)?(?![\\d.])))`,
  'g',
)

/** Whether a text has an inexact number, or a string with something like one. */
function hasLongNumber(text: string): boolean {
  LONG_NUMBER.lastIndex = 0
  for (let found = LONG_NUMBER.exec(text); found !== null; found = LONG_NUMBER.exec(text)) {
    const [, source = ''] = found
    const value = Number(source)
    if (!Number.isNaN(value) && !isExact(source, value)) return true
  }
  return false
}

const INTEGER = /^-?\d+$/

/**
 * Whether JavaScript writes `value` as the number that `source` is. An integer must have all its digits: 1e+21 has
 * the value of 1000000000000000000000, but not every reader takes it for an integer.
 */
function isExact(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return false
  const written = String(value)
  if (written === source) return true
  return !INTEGER.test(source) && decimalOf(source) === decimalOf(written)
}

const ZERO = 0x30

/** Returns a decimal in the only form that its value has: sign, digits without zeros around them, exponent. */
function decimalOf(number: string): string {
  const sign = number.startsWith('-') ? '-' : ''
  const [mantissa = '', exponent = '0'] = number.slice(sign.length).toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = whole + fraction
  let start = 0
  let end = digits.length
  while (start < end && digits.charCodeAt(start) === ZERO) start++
  while (end > start && digits.charCodeAt(end - 1) === ZERO) end--
  if (start === end) return `${sign}0`
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}
