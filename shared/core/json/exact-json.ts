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
 * `JSON.stringify` of the result loses no digit. Where there is no `JSON.rawJSON`, all numbers are plain. Throws
 * SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  const plain: unknown = JSON.parse(text)
  const { rawJSON } = JSON
  if (rawJSON === undefined || !hasLongNumber(text)) return plain
  const quoted = quoteInexact(text)
  return quoted === text ? plain : unquote(JSON.parse(quoted), rawJSON)
}

/**
 * What an inexact number begins with while it is a text: nobody can send it. A reviver, which gets the digits of numbers
 * too, takes ten times as long, and a sender is not known yet when its body is parsed.
 */
const MARK = Math.random().toString(36)

/** Returns valid JSON with each of its inexact numbers as a text. */
function quoteInexact(text: string): string {
  const parts: string[] = []
  let copied = 0
  LONG_OR_TEXT.lastIndex = 0
  for (let found = LONG_OR_TEXT.exec(text); found !== null; found = LONG_OR_TEXT.exec(text)) {
    const [source] = found
    if (source === '"') LONG_OR_TEXT.lastIndex = endOfText(text, found.index)
    else if (!isExact(source, Number(source))) {
      parts.push(text.slice(copied, found.index), `"${MARK}${source}"`)
      copied = LONG_OR_TEXT.lastIndex
    }
  }
  return copied === 0 ? text : parts.join('') + text.slice(copied)
}

/** Returns the index behind a text that begins at `start`: quotation marks behind an odd number of `\` are part of it. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let first = end
    while (text[first - 1] === '\\') first--
    if ((end - first) % 2 === 0) return end + 1
  }
}

/** Puts the inexact numbers back into a tree of its own. A text may be nested deeper than the stack: hence no recursion. */
function unquote(root: unknown, rawJSON: (text: string) => RawNumber): unknown {
  const whole = [root]
  const left: (unknown[] | Record<string, unknown>)[] = [whole]
  const replaced = (value: unknown) => {
    if (typeof value === 'string' && value.startsWith(MARK)) return rawJSON(value.slice(MARK.length))
    if (typeof value === 'object' && value !== null) left.push(value as Record<string, unknown>)
    return value
  }
  for (let tree = left.pop(); tree !== undefined; tree = left.pop()) {
    if (Array.isArray(tree))
      for (let index = 0; index < tree.length; index++) tree[index] = replaced(tree[index])
    else
      for (const name of Object.keys(tree)) {
        const value = replaced(tree[name])
        // An assignment to it would change the prototype.
        if (name === '__proto__') Object.defineProperty(tree, name, { value })
        else tree[name] = value
      }
  }
  return whole[0]
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

const LONG = `-?(?:[\\d.]{${SHORTEST_LONG},}(?:[eE][+-]?\\d+)?|[\\d.]+[eE][+-]?\\d+|(?<=-)0(?:\\.0+)?(?![\\d.]))`

/**
 * What may be an inexact number, behind what may precede a number. It finds some in texts too, which costs time only. A
 * UUID such as 3e4b… is none, because of the quotation mark before it.
 */
const LONG_NUMBER = new RegExp(`(?:^|[\\s,:[])(${LONG})`, 'g')
/** The same outside of texts, and where these begin. */
const LONG_OR_TEXT = new RegExp(`"|(?<=^|[\\s,:[])${LONG}`, 'g')

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
  const size = Math.abs(value)
  // 15 digits are always exact (https://en.wikipedia.org/wiki/Double-precision_floating-point_format).
  if (source.length < SHORTEST_LONG && size > 1e-300 && size < 1e300) return true
  if (size === Number.POSITIVE_INFINITY) return false
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
