import { invalid } from '../dynamo-error.ts'
import {
  type AttributeValue,
  areEqual,
  compareValues,
  elementsOf,
  type Item,
  sizeOfValue,
  typeOf,
  type ValueType,
} from '../values/attribute-value.ts'
import { type Bindings, type Path, parsePath, valueAt } from './path.ts'
import { type Expression, type ExpressionKind, expressionParser, type TokenReader } from './tokens.ts'

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
//   or      = and *("OR" and)        and = not *("AND" not)        not = ["NOT"] not / test
//   test    = "(" or ")" / function "(" operand *("," operand) ")" / operand comparator operand
//           / operand "BETWEEN" operand "AND" operand / operand "IN" "(" operand *("," operand) ")"
//   operand = path / ":value" / "size(" path ")"

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='
export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'size'; readonly of: Operand }
export type Condition =
  | { readonly kind: 'or' | 'and'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | {
      readonly kind: 'compare'
      readonly comparator: Comparator
      readonly left: Operand
      readonly right: Operand
    }
  | { readonly kind: 'between'; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly operand: Operand; readonly options: readonly Operand[] }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly operands: readonly Operand[] }

const COMPARATORS: readonly string[] = ['=', '<>', '<', '<=', '>', '>='] satisfies Comparator[]
const ARITY = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
} as const
type FunctionName = keyof typeof ARITY

/** Parses a condition, key condition or filter. Throws ValidationException. */
export const parseCondition = expressionParser(parseOr)

function parseOr(tokens: TokenReader): Condition {
  const first = parseAnd(tokens)
  const parts = [first]
  while (tokens.takeKeyword('OR')) parts.push(parseAnd(tokens))
  return parts.length === 1 ? first : { kind: 'or', parts }
}

function parseAnd(tokens: TokenReader): Condition {
  const first = parseNot(tokens)
  const parts = [first]
  while (tokens.takeKeyword('AND')) parts.push(parseNot(tokens))
  return parts.length === 1 ? first : { kind: 'and', parts }
}

function parseNot(tokens: TokenReader): Condition {
  return tokens.takeKeyword('NOT') ? { kind: 'not', part: parseNot(tokens) } : parseTest(tokens)
}

function parseTest(tokens: TokenReader): Condition {
  if (tokens.takeSymbol('(')) {
    const inner = parseOr(tokens)
    tokens.expectSymbol(')')
    return inner
  }
  const name = tokens.takeFunction()
  if (name !== null && name !== 'size') return parseCall(tokens, name)
  const left = name === 'size' ? parseSize(tokens) : parseOperand(tokens)
  if (tokens.takeKeyword('BETWEEN')) {
    const low = parseOperand(tokens)
    if (!tokens.takeKeyword('AND')) throw tokens.syntaxError()
    return { kind: 'between', operand: left, low, high: parseOperand(tokens) }
  }
  if (tokens.takeKeyword('IN')) {
    tokens.expectSymbol('(')
    return { kind: 'in', operand: left, options: parseOperands(tokens) }
  }
  const comparator = tokens.peek() ?? ''
  if (!COMPARATORS.includes(comparator)) throw tokens.syntaxError()
  tokens.expectSymbol(comparator)
  return { kind: 'compare', comparator: comparator as Comparator, left, right: parseOperand(tokens) }
}

function parseCall(tokens: TokenReader, name: string): Condition {
  const { kind } = tokens
  const operands = parseOperands(tokens)
  if (!isFunction(name)) throw invalid(`Invalid ${kind}: Invalid function name; function: ${name}`)
  if (operands.length !== ARITY[name])
    throw invalid(
      `Invalid ${kind}: Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${operands.length}`,
    )
  if (operands[0]?.kind !== 'path' && name.startsWith('attribute_'))
    throw invalid(
      `Invalid ${kind}: Operator or function requires a document path; operator or function: ${name}`,
    )
  return { kind: 'call', name, operands }
}

function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(ARITY, name)
}

function parseOperands(tokens: TokenReader): Operand[] {
  const operands = [parseOperand(tokens)]
  while (tokens.takeSymbol(',')) operands.push(parseOperand(tokens))
  tokens.expectSymbol(')')
  return operands
}

function parseOperand(tokens: TokenReader): Operand {
  if (tokens.peek()?.startsWith(':')) return { kind: 'value', name: tokens.takeWord() }
  const name = tokens.takeFunction()
  if (name === 'size') return parseSize(tokens)
  if (name !== null) throw tokens.syntaxError()
  return { kind: 'path', path: parsePath(tokens) }
}

function parseSize(tokens: TokenReader): Operand {
  const of = parseOperand(tokens)
  tokens.expectSymbol(')')
  return { kind: 'size', of }
}

/** Returns every operand of a condition. */
export function operandsOf(condition: Condition): readonly Operand[] {
  switch (condition.kind) {
    case 'or':
    case 'and':
      return condition.parts.flatMap(operandsOf)
    case 'not':
      return operandsOf(condition.part)
    case 'compare':
      return [condition.left, condition.right]
    case 'between':
      return [condition.operand, condition.low, condition.high]
    case 'in':
      return [condition.operand, ...condition.options]
    case 'call':
      return condition.operands
  }
}

const TYPES: readonly string[] = [
  'B',
  'NULL',
  'SS',
  'BOOL',
  'L',
  'BS',
  'N',
  'NS',
  'S',
  'M',
] satisfies ValueType[]

/** Returns the error for an operand whose type an operator or function does not take. */
function incorrectType(kind: ExpressionKind, operator: string, value: AttributeValue) {
  return invalid(
    `Invalid ${kind}: Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${typeOf(value)}`,
  )
}

/** Throws ValidationException if a value of the request can never be what its operator or function takes. */
export function assertOperands({ kind, tree }: Expression<Condition>, { values }: Bindings): void {
  const givenFor = (operand: Operand | undefined) =>
    operand?.kind === 'value' ? values[operand.name] : undefined
  const assertType = (operator: string, operand: Operand | undefined, types: readonly ValueType[]) => {
    const value = givenFor(operand)
    if (value !== undefined && !types.includes(typeOf(value))) throw incorrectType(kind, operator, value)
  }
  const check = (condition: Condition): void => {
    if (condition.kind === 'and' || condition.kind === 'or') condition.parts.forEach(check)
    else if (condition.kind === 'not') check(condition.part)
    else if (condition.kind === 'compare') {
      if (condition.comparator === '=' || condition.comparator === '<>') return
      assertType(condition.comparator, condition.left, ORDERED)
      assertType(condition.comparator, condition.right, ORDERED)
    } else if (condition.kind === 'between') {
      for (const bound of [condition.low, condition.high]) assertType('BETWEEN', bound, ORDERED)
      assertBounds(kind, givenFor(condition.low), givenFor(condition.high))
    } else if (condition.kind === 'call') {
      const [, operand] = condition.operands
      if (condition.name === 'begins_with') assertType('begins_with', operand, ['S', 'B'])
      if (condition.name === 'attribute_type') assertTypeName(kind, givenFor(operand))
    }
  }
  check(tree)
}

const ORDERED = ['S', 'N', 'B'] as const

function assertBounds(
  kind: ExpressionKind,
  low: AttributeValue | undefined,
  high: AttributeValue | undefined,
): void {
  if (low === undefined || high === undefined) return
  if (typeOf(low) !== typeOf(high))
    throw invalid(
      `Invalid ${kind}: The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: ${described(low)}, upper bound operand: AttributeValue: ${described(high)}`,
    )
  if ((compareValues(low, high) ?? 0) > 0)
    throw invalid(
      `Invalid ${kind}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: ${described(low)}, upper bound operand: AttributeValue: ${described(high)}`,
    )
}

function described(value: AttributeValue): string {
  return `{${typeOf(value)}:${Object.values(value)[0]}}`
}

function assertTypeName(kind: ExpressionKind, value: AttributeValue | undefined): void {
  if (value === undefined) return
  if (!('S' in value)) throw incorrectType(kind, 'attribute_type', value)
  if (!TYPES.includes(value.S))
    throw invalid(
      `Invalid ${kind}: Invalid attribute type name found; type: ${value.S}, valid types: {${TYPES.join(',')}}`,
    )
}

/** Whether an item satisfies a condition. What is missing satisfies `<>` and `attribute_not_exists` only. */
export function isMet(condition: Condition, item: Item, bindings: Bindings): boolean {
  const read = (operand: Operand) => readOperand(operand, item, bindings)
  switch (condition.kind) {
    case 'or':
      return condition.parts.some((part) => isMet(part, item, bindings))
    case 'and':
      return condition.parts.every((part) => isMet(part, item, bindings))
    case 'not':
      return !isMet(condition.part, item, bindings)
    case 'compare':
      return doesCompare(condition.comparator, read(condition.left), read(condition.right))
    case 'between': {
      const value = read(condition.operand)
      return doesCompare('>=', value, read(condition.low)) && doesCompare('<=', value, read(condition.high))
    }
    case 'in': {
      const value = read(condition.operand)
      return condition.options.some((option) => doesCompare('=', value, read(option)))
    }
    case 'call':
      return callFunction(condition.name, condition.operands.map(read))
  }
}

function readOperand(operand: Operand, item: Item, bindings: Bindings): AttributeValue | undefined {
  if (operand.kind === 'value') return bindings.values[operand.name]
  if (operand.kind === 'path') return valueAt(operand.path, item, bindings)
  const value = readOperand(operand.of, item, bindings)
  return value && lengthOf(value)
}

/** The size() of a value: bytes of texts and binaries, elements of collections; a number has none. */
function lengthOf(value: AttributeValue): AttributeValue | undefined {
  if ('S' in value || 'B' in value) return { N: String(sizeOfValue(value)) }
  if ('M' in value) return { N: String(Object.keys(value.M).length) }
  const elements = 'L' in value ? value.L : elementsOf(value)
  return elements && { N: String(elements.length) }
}

function doesCompare(
  comparator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  if (comparator === '<>') return left === undefined || right === undefined || !areEqual(left, right)
  if (left === undefined || right === undefined) return false
  if (comparator === '=') return areEqual(left, right)
  const order = compareValues(left, right)
  if (order === null) return false
  switch (comparator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

function callFunction(
  name: FunctionName,
  [value, operand]: readonly (AttributeValue | undefined)[],
): boolean {
  if (name === 'attribute_not_exists') return value === undefined
  if (name === 'attribute_exists') return value !== undefined
  if (value === undefined || operand === undefined) return false
  if (name === 'attribute_type') return 'S' in operand && typeOf(value) === operand.S
  if (name === 'contains') return doesContain(value, operand)
  if ('S' in value && 'S' in operand) return value.S.startsWith(operand.S)
  if ('B' in value && 'B' in operand) return hasPrefix(bytesOf(value.B), bytesOf(operand.B))
  return false
}

function doesContain(value: AttributeValue, operand: AttributeValue): boolean {
  if ('L' in value) return value.L.some((element) => areEqual(element, operand))
  if ('S' in operand) return 'S' in value ? value.S.includes(operand.S) : has(value, 'SS', operand.S)
  if ('N' in operand) return has(value, 'NS', operand.N)
  if ('B' in operand)
    return 'B' in value ? bytesOf(value.B).includes(bytesOf(operand.B)) : has(value, 'BS', operand.B)
  return false
}

function has(value: AttributeValue, type: 'SS' | 'NS' | 'BS', element: string): boolean {
  return typeOf(value) === type && (elementsOf(value) ?? []).includes(element)
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}

function hasPrefix(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.subarray(0, prefix.length).equals(prefix)
}
