import { invalid } from '../dynamo-error.ts'
import {
  type AttributeValue,
  elementsOf,
  type Item,
  setLike,
  typeOf,
  type ValueType,
} from '../values/attribute-value.ts'
import { addNumbers, negateNumber } from '../values/decimal.ts'
import { type Bindings, memberOf, type Path, parsePath, resolvePath, valueAt } from './path.ts'
import { assertDistinct } from './projection.ts'
import { type Expression, expressionParser, type TokenReader } from './tokens.ts'

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
//   update = *("SET" path "=" value *("," …) / "REMOVE" path *("," …) / "ADD" path ":value" *("," …)
//          / "DELETE" path ":value" *("," …))
//   value  = operand [("+" / "-") operand]
//   operand = path / ":value" / "if_not_exists(" path "," value ")" / "list_append(" value "," value ")" / "(" value ")"

type Value =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: '+' | '-' | 'list_append'; readonly left: Value; readonly right: Value }
  | { readonly kind: 'if_not_exists'; readonly path: Path; readonly otherwise: Value }
type Action =
  | { readonly kind: 'SET'; readonly path: Path; readonly value: Value }
  | { readonly kind: 'REMOVE'; readonly path: Path }
  | { readonly kind: 'ADD' | 'DELETE'; readonly path: Path; readonly name: string }

const SECTIONS = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const

/** Parses an update. Throws ValidationException. */
export const parseUpdate = expressionParser((tokens: TokenReader): readonly Action[] => {
  const actions: Action[] = []
  const seen = new Set<string>()
  while (!tokens.isAtEnd()) {
    const section = SECTIONS.find((keyword) => tokens.takeKeyword(keyword))
    if (section === undefined) throw tokens.syntaxError()
    if (seen.has(section))
      throw invalid(
        `Invalid UpdateExpression: The "${section}" section can only be used once in an update expression;`,
      )
    seen.add(section)
    do actions.push(parseAction(tokens, section))
    while (tokens.takeSymbol(','))
  }
  return actions
})

function parseAction(tokens: TokenReader, kind: Action['kind']): Action {
  const path = parsePath(tokens)
  if (kind === 'REMOVE') return { kind, path }
  if (kind === 'SET') {
    tokens.expectSymbol('=')
    return { kind, path, value: parseValue(tokens) }
  }
  return { kind, path, name: takePlaceholder(tokens) }
}

function takePlaceholder(tokens: TokenReader): string {
  if (!tokens.peek()?.startsWith(':')) throw tokens.syntaxError()
  return tokens.takeWord()
}

function parseValue(tokens: TokenReader): Value {
  const left = parseOperand(tokens)
  if (tokens.takeSymbol('+')) return { kind: '+', left, right: parseOperand(tokens) }
  if (tokens.takeSymbol('-')) return { kind: '-', left, right: parseOperand(tokens) }
  return left
}

function parseOperand(tokens: TokenReader): Value {
  if (tokens.peek()?.startsWith(':')) return { kind: 'value', name: tokens.takeWord() }
  if (tokens.takeSymbol('(')) {
    const value = parseValue(tokens)
    tokens.expectSymbol(')')
    return value
  }
  const name = tokens.takeFunction()
  if (name === null) return { kind: 'path', path: parsePath(tokens) }
  if (name === 'if_not_exists') {
    const path = parsePath(tokens)
    tokens.expectSymbol(',')
    const otherwise = parseValue(tokens)
    tokens.expectSymbol(')')
    return { kind: name, path, otherwise }
  }
  if (name !== 'list_append')
    throw invalid(`Invalid UpdateExpression: Invalid function name; function: ${name}`)
  const left = parseValue(tokens)
  tokens.expectSymbol(',')
  const right = parseValue(tokens)
  tokens.expectSymbol(')')
  return { kind: name, left, right }
}

/** What an update did: the item after it, and the paths that it named. */
export type Updated = { readonly item: Item; readonly paths: readonly Path[] }
type Change = { readonly path: Path; readonly value: AttributeValue | undefined }

/**
 * Returns an item after an update. Every operand is read from the item before it. `keys` are the attributes of the key,
 * which cannot be updated. Throws ValidationException.
 */
export function applyUpdate(
  { kind, tree }: Expression<readonly Action[]>,
  {
    item,
    keys,
    bindings,
  }: { readonly item: Item; readonly keys: readonly string[]; readonly bindings: Bindings },
): Updated {
  const changes = tree.map((action): Change => {
    const path = resolvePath(action.path, bindings)
    return { path, value: valueAfter(action, { path, item, bindings }) }
  })
  const paths = changes.map(({ path }) => path)
  const key = paths.find(([name]) => keys.includes(name))
  if (key)
    throw invalid(
      `One or more parameter values were invalid: Cannot update attribute ${key[0]}. This attribute is part of the key`,
    )
  assertDistinct(kind, paths)
  // Indexes of lists are those before the update: appended elements in their order, removed ones from the end.
  const kept = changes.filter(({ value }) => value !== undefined).sort(byPath)
  const removed = changes.filter(({ value }) => value === undefined).sort(byPath)
  const changed = [...kept, ...removed.reverse()].reduce(
    (before, { path, value }) => changeMap(before, path, value),
    item,
  )
  return { item: changed, paths }
}

/** Text parts are in any order, because only the indexes of one list depend on each other. */
function byPath(left: Change, right: Change): number {
  for (const [depth, part] of left.path.entries()) {
    const other = right.path[depth]
    if (part === other) continue
    if (typeof part === 'number' && typeof other === 'number') return part - other
    return String(part) < String(other) ? -1 : 1
  }
  return 0
}

type Place = { readonly path: Path; readonly item: Item; readonly bindings: Bindings }

/** Returns the value that an action leaves at its path; undefined if it removes it. */
function valueAfter(action: Action, { path, item, bindings }: Place): AttributeValue | undefined {
  if (action.kind === 'SET') return evaluate(action.value, item, bindings)
  const current = valueAt(path, item, bindings)
  if (action.kind === 'REMOVE') return undefined
  const operand = bindings.values[action.name]
  if (operand === undefined) return current
  return action.kind === 'ADD' ? added(current, operand) : deleted(current, operand)
}

function added(current: AttributeValue | undefined, operand: AttributeValue): AttributeValue {
  const elements = elementsOf(operand)
  if (!('N' in operand) && elements === undefined) throw incorrectSet('ADD', operand)
  if (current === undefined) return operand
  if (typeOf(current) !== typeOf(operand)) throw incorrectOperand()
  if ('N' in operand) return 'N' in current ? { N: addNumbers(current.N, operand.N) } : current
  return setLike(current, [...new Set([...(elementsOf(current) ?? []), ...(elements ?? [])])])
}

function deleted(current: AttributeValue | undefined, operand: AttributeValue): AttributeValue | undefined {
  const elements = elementsOf(operand)
  if (elements === undefined) throw incorrectSet('DELETE', operand)
  if (current === undefined) return undefined
  if (typeOf(current) !== typeOf(operand)) throw incorrectOperand()
  const left = (elementsOf(current) ?? []).filter((element) => !elements.includes(element))
  return left.length > 0 ? setLike(current, left) : undefined
}

function evaluate(value: Value, item: Item, bindings: Bindings): AttributeValue {
  switch (value.kind) {
    case 'value':
      return present(bindings.values[value.name])
    case 'path':
      return present(valueAt(value.path, item, bindings))
    case 'if_not_exists':
      return valueAt(value.path, item, bindings) ?? evaluate(value.otherwise, item, bindings)
  }
  const left = evaluate(value.left, item, bindings)
  const right = evaluate(value.right, item, bindings)
  if (value.kind === 'list_append') {
    if (!('L' in left) || !('L' in right)) throw incorrectOperand()
    return { L: [...left.L, ...right.L] }
  }
  if (!('N' in left) || !('N' in right)) throw incorrectOperand()
  return { N: addNumbers(left.N, value.kind === '+' ? right.N : negateNumber(right.N)) }
}

function present(value: AttributeValue | undefined): AttributeValue {
  if (value !== undefined) return value
  throw invalid('The provided expression refers to an attribute that does not exist in the item')
}

const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  BOOL: 'BOOLEAN',
  NULL: 'NULL',
  M: 'MAP',
  L: 'LIST',
  SS: 'STRING_SET',
  NS: 'NUMBER_SET',
  BS: 'BINARY_SET',
}

function incorrectSet(operator: 'ADD' | 'DELETE', value: AttributeValue) {
  return invalid(
    `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ${operator}, operand type: ${TYPE_NAMES[typeOf(value)]}, typeSet: ALLOWED_FOR_${operator}_OPERAND`,
  )
}

function incorrectOperand() {
  return invalid('An operand in the update expression has an incorrect data type')
}

type Rest = readonly (string | number)[]

function changeMap(map: Item, [name, ...rest]: Rest, value: AttributeValue | undefined): Item {
  if (typeof name !== 'string') throw invalidPath()
  const after = rest.length === 0 ? value : changeInside(memberOf(map, name), rest, value)
  if (after !== undefined) return { ...map, [name]: after }
  const { [name]: _, ...others } = map
  return others
}

function changeInside(
  container: AttributeValue | undefined,
  rest: Rest,
  value: AttributeValue | undefined,
): AttributeValue {
  if (container !== undefined && 'M' in container) return { M: changeMap(container.M, rest, value) }
  if (container !== undefined && 'L' in container) return { L: changeList(container.L, rest, value) }
  throw invalidPath()
}

function changeList(
  list: readonly AttributeValue[],
  [index, ...rest]: Rest,
  value: AttributeValue | undefined,
): AttributeValue[] {
  if (typeof index !== 'number') throw invalidPath()
  const after = rest.length === 0 ? value : changeInside(list[index], rest, value)
  if (after === undefined) return list.toSpliced(index, 1)
  return index < list.length ? list.with(index, after) : [...list, after]
}

function invalidPath() {
  return invalid('The document path provided in the update expression is invalid for update')
}
