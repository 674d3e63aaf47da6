import { invalid } from '../dynamo-error.ts'
import { canonicalNumber, compareNumbers } from './decimal.ts'

/** A value as DynamoDB's JSON writes it: one member, named for its type. Binary is base64. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly M: Item }
  | { readonly L: readonly AttributeValue[] }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
export type Item = Readonly<Record<string, AttributeValue>>
export type ValueType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS'

/** Maps and lists may be nested this deep. */
const MAX_DEPTH = 32
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export function typeOf(value: AttributeValue): ValueType {
  for (const type in value) return type as ValueType
  throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
}

/** Returns a set's elements, or undefined if the value is no set. */
export function elementsOf(value: AttributeValue): readonly string[] | undefined {
  if ('SS' in value) return value.SS
  if ('NS' in value) return value.NS
  return 'BS' in value ? value.BS : undefined
}

/** Returns a set of the type of another set. */
export function setLike(value: AttributeValue, elements: readonly string[]): AttributeValue {
  if ('SS' in value) return { SS: elements }
  return 'NS' in value ? { NS: elements } : { BS: elements }
}

/** Checks the attributes of an item or key. Returns them with canonical numbers. Throws ValidationException. */
export function parseItem(value: unknown, depth = 0): Item {
  if (!isRecord(value)) throw serialization('an item must be a map of attribute values')
  let changed: Record<string, AttributeValue> | null = null
  for (const name in value) {
    const parsed = parseValue(value[name], depth)
    if (parsed === value[name]) continue
    changed ??= { ...(value as Item) }
    changed[name] = parsed
  }
  return changed ?? (value as Item)
}

/** Checks one value. Returns the same object if it is canonical already. Throws ValidationException. */
export function parseValue(value: unknown, depth = 0): AttributeValue {
  if (!isRecord(value)) throw serialization('an attribute value must be a map with its type')
  if (depth > MAX_DEPTH) throw invalid('Nesting Levels have exceeded supported limits')
  const types = Object.keys(value)
  const [type] = types
  if (type === undefined)
    throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
  if (types.length > 1)
    throw invalid(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    )
  const parse = Object.hasOwn(PARSERS, type) ? PARSERS[type] : undefined
  if (parse === undefined)
    throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
  return parse(value as AttributeValue, value[type], depth)
}

type Parse = (value: AttributeValue, content: unknown, depth: number) => AttributeValue

const PARSERS: Readonly<Record<string, Parse>> = {
  S(value, content) {
    textOf(content)
    return value
  },
  N(value, content) {
    const number = canonicalNumber(textOf(content))
    return number === content ? value : { N: number }
  },
  B(value, content) {
    assertBase64(content)
    return value
  },
  BOOL(value, content) {
    if (typeof content !== 'boolean') throw serialization('BOOL must be true or false')
    return value
  },
  NULL(value, content) {
    if (content === true) return value
    throw invalid(
      'One or more parameter values were invalid: Null attribute value types must have the value of true',
    )
  },
  M(value, content, depth) {
    const map = parseItem(content, depth + 1)
    return map === content ? value : { M: map }
  },
  L(value, content, depth) {
    const list = listOf(content)
    const parsed = list.map((element) => parseValue(element, depth + 1))
    return parsed.every((element, index) => element === list[index]) ? value : { L: parsed }
  },
  SS(value, content) {
    assertSet(listOf(content).map(textOf), 'An string set  may not be empty')
    return value
  },
  NS(_, content) {
    const numbers = listOf(content).map((element) => canonicalNumber(textOf(element)))
    assertSet(numbers, 'An number set  may not be empty')
    return { NS: numbers }
  },
  BS(value, content) {
    const elements = listOf(content)
    elements.forEach(assertBase64)
    assertSet(elements.map(textOf), 'Binary sets should not be empty')
    return value
  },
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function serialization(problem: string) {
  return invalid(`The request cannot be read: ${problem}`)
}

function textOf(content: unknown): string {
  if (typeof content !== 'string') throw serialization('S, N and B must be strings')
  return content
}

function listOf(content: unknown): readonly unknown[] {
  if (!Array.isArray(content)) throw serialization('L and sets must be lists')
  return content
}

function assertBase64(content: unknown): void {
  if (!BASE64.test(textOf(content))) throw serialization('B must be base64')
}

function assertSet(elements: readonly string[], ifEmpty: string): void {
  if (elements.length === 0) throw invalid(`One or more parameter values were invalid: ${ifEmpty}`)
  if (new Set(elements).size < elements.length)
    throw invalid(
      `One or more parameter values were invalid: Input collection [${elements.join(', ')}] contains duplicates.`,
    )
}

/**
 * Returns the size of an item in bytes: names and values.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function sizeOfItem(item: Item): number {
  let size = 0
  for (const name in item) {
    const value = item[name]
    if (value !== undefined) size += Buffer.byteLength(name) + sizeOfValue(value)
  }
  return size
}

/** Returns the size of a value in bytes. */
export function sizeOfValue(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S)
  if ('N' in value) return sizeOfNumber(value.N)
  if ('B' in value) return sizeOfBinary(value.B)
  if ('M' in value) return 3 + Object.keys(value.M).length + sizeOfItem(value.M)
  if ('L' in value) return value.L.reduce((size, element) => size + 1 + sizeOfValue(element), 3)
  if ('SS' in value) return value.SS.reduce((size, element) => size + Buffer.byteLength(element), 0)
  if ('NS' in value) return value.NS.reduce((size, element) => size + sizeOfNumber(element), 0)
  if ('BS' in value) return value.BS.reduce((size, element) => size + sizeOfBinary(element), 0)
  return 1
}

/** Two digits a byte, one byte more, and one for a sign. */
function sizeOfNumber(number: string): number {
  const digits = number
    .replace(/^-/, '')
    .replace('.', '')
    .replace(/^0+|0+$/g, '').length
  return Math.ceil(digits / 2) + 1 + Number(number.startsWith('-'))
}

function sizeOfBinary(base64: string): number {
  return Buffer.byteLength(base64, 'base64')
}

/** Whether two values are of one type and equal; sets are equal in any order. */
export function areEqual(left: AttributeValue, right: AttributeValue): boolean {
  const type = typeOf(left)
  if (type !== typeOf(right)) return false
  const elements = elementsOf(left)
  if (elements) {
    const others = new Set(elementsOf(right))
    return elements.length === others.size && elements.every((element) => others.has(element))
  }
  if ('M' in left && 'M' in right) {
    const names = Object.keys(left.M)
    return (
      names.length === Object.keys(right.M).length &&
      names.every((name) => areBothEqual(left.M[name], right.M[name]))
    )
  }
  if ('L' in left && 'L' in right)
    return (
      left.L.length === right.L.length &&
      left.L.every((element, index) => areBothEqual(element, right.L[index]))
    )
  return contentOf(left) === contentOf(right)
}

function areBothEqual(left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  return left !== undefined && right !== undefined && areEqual(left, right)
}

function contentOf(value: AttributeValue): unknown {
  for (const content of Object.values(value)) return content
}

/**
 * Compares two strings by their UTF-8 bytes, two numbers, or two binaries: negative, 0 or positive. Returns null for
 * other types and for two of different types.
 */
export function compareValues(left: AttributeValue, right: AttributeValue): number | null {
  if ('S' in left && 'S' in right) return compareTexts(left.S, right.S)
  if ('N' in left && 'N' in right) return compareNumbers(left.N, right.N)
  if ('B' in left && 'B' in right)
    return Buffer.compare(Buffer.from(left.B, 'base64'), Buffer.from(right.B, 'base64'))
  return null
}

const SURROGATE = /[\ud800-\udfff]/

/** Code units order as UTF-8 does, except for surrogates, which are above all other code points. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0
  if (SURROGATE.test(left) || SURROGATE.test(right))
    return Buffer.compare(Buffer.from(left), Buffer.from(right))
  return left < right ? -1 : 1
}
