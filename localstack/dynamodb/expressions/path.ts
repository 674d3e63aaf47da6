import { invalid } from '../dynamo-error.ts'
import type { AttributeValue, Item } from '../values/attribute-value.ts'
import { RESERVED_WORDS } from './reserved-words.ts'
import type { TokenReader } from './tokens.ts'

/** A path into an item: names, placeholders (`#name`) and indexes of lists. */
export type Path = readonly [string, ...(string | number)[]]

/** The names and values that a request gives to the placeholders of its expressions. */
export type Bindings = {
  readonly names: Readonly<Record<string, string>>
  readonly values: Item
}

/** They are reserved as well, and where one of them is no operator, the syntax is wrong. */
const OPERATORS = new Set(['AND', 'OR', 'NOT', 'IN', 'BETWEEN'])
const MAX_PATH = 32

/** Parses `name`, `#name`, and what follows as `.name`, `.#name` or `[index]`. */
export function parsePath(tokens: TokenReader): Path {
  const first = takeName(tokens)
  const rest: (string | number)[] = []
  for (;;) {
    if (tokens.takeSymbol('.')) rest.push(takeName(tokens))
    else if (tokens.takeSymbol('[')) {
      if (!/^\d+$/.test(tokens.peek() ?? '')) throw tokens.syntaxError()
      rest.push(Number(tokens.takeWord()))
      tokens.expectSymbol(']')
    } else break
  }
  if (rest.length >= MAX_PATH) throw invalid('The document path has too many nesting elements')
  return [first, ...rest]
}

function takeName(tokens: TokenReader): string {
  const token = tokens.peek() ?? ''
  if (!/^(?:#|[A-Za-z_])/.test(token) || OPERATORS.has(token.toUpperCase())) throw tokens.syntaxError()
  if (RESERVED_WORDS.has(token.toUpperCase()))
    throw invalid(`Invalid ${tokens.kind}: Attribute name is a reserved keyword; reserved keyword: ${token}`)
  return tokens.takeWord()
}

/** Returns the attribute's name that a name or placeholder means. */
export function resolveName(name: string, { names }: Bindings): string {
  return name.startsWith('#') ? (names[name] ?? name) : name
}

/** Returns the path with its placeholders resolved. */
export function resolvePath(path: Path, bindings: Bindings): Path {
  return path.map((part) => (typeof part === 'string' ? resolveName(part, bindings) : part)) as [string]
}

/** Returns the value at a path of an item, or undefined. */
export function valueAt(path: Path, item: Item, bindings: Bindings): AttributeValue | undefined {
  let value = memberOf(item, resolveName(path[0], bindings))
  for (let depth = 1; depth < path.length && value !== undefined; depth++) {
    const part = path[depth]
    if (typeof part === 'number') value = 'L' in value ? value.L[part] : undefined
    else if (part !== undefined)
      value = 'M' in value ? memberOf(value.M, resolveName(part, bindings)) : undefined
  }
  return value
}

/** An attribute may have the name of a member that every object inherits. */
export function memberOf(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined
}

/** Whether one of two paths leads to the other or to a part of it. */
export function doOverlap(left: Path, right: Path): boolean {
  return left.slice(0, right.length).every((part, depth) => part === right[depth])
}
