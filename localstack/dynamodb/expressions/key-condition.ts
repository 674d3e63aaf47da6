import { invalid } from '../dynamo-error.ts'
import type { TableDefinition } from '../storage/table-definition.ts'
import { type AttributeValue, typeOf } from '../values/attribute-value.ts'
import type { Comparator, Condition, Operand } from './condition.ts'
import { type Bindings, resolveName } from './path.ts'

/** What a query asks of the keys: one hash key, and a condition on the range key. */
export type KeyCondition = { readonly hash: AttributeValue; readonly range: RangeCondition | null }
export type RangeCondition =
  | { readonly kind: Exclude<Comparator, '<>'> | 'begins_with'; readonly value: AttributeValue }
  | { readonly kind: 'BETWEEN'; readonly low: AttributeValue; readonly high: AttributeValue }

const MIRRORED = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** Reads a parsed key condition. Throws ValidationException if it is none that a query can have. */
export function keyConditionOf(
  condition: Condition,
  { hashKey, rangeKey }: TableDefinition,
  bindings: Bindings,
): KeyCondition {
  const parts = new Map<string, RangeCondition>()
  for (const part of partsOf(condition)) {
    const { name, on } = onAttribute(part, bindings)
    if (parts.has(name)) throw invalid('KeyConditionExpressions must only contain one condition per key')
    parts.set(name, on)
  }
  const hash = parts.get(hashKey.name)
  if (hash === undefined) throw invalid(`Query condition missed key schema element: ${hashKey.name}`)
  if (hash.kind !== '=') throw invalid('Query key condition not supported')
  const range = rangeKey === null ? undefined : parts.get(rangeKey.name)
  if (parts.size > (range ? 2 : 1))
    throw invalid(
      rangeKey && !range && parts.size === 2
        ? `Query condition missed key schema element: ${rangeKey.name}`
        : 'Query key condition not supported',
    )
  const values = range?.kind === 'BETWEEN' ? [range.low, range.high] : range ? [range.value] : []
  const hasWrongType = values.some((value) => typeOf(value) !== rangeKey?.type)
  if (typeOf(hash.value) !== hashKey.type || hasWrongType)
    throw invalid(
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    )
  return { hash: hash.value, range: range ?? null }
}

function partsOf(condition: Condition): readonly Condition[] {
  return condition.kind === 'and' ? condition.parts.flatMap(partsOf) : [condition]
}

function onAttribute(
  part: Condition,
  bindings: Bindings,
): { readonly name: string; readonly on: RangeCondition } {
  if (part.kind === 'compare') {
    if (part.comparator === '<>') throw unsupported('<>')
    const isMirrored = part.left.kind === 'value'
    const [attribute, value] = isMirrored ? [part.right, part.left] : [part.left, part.right]
    const kind = isMirrored ? MIRRORED[part.comparator] : part.comparator
    return { name: nameOf(attribute, bindings), on: { kind, value: operandValue(value, bindings) } }
  }
  if (part.kind === 'between') {
    const [low, high] = [operandValue(part.low, bindings), operandValue(part.high, bindings)]
    return { name: nameOf(part.operand, bindings), on: { kind: 'BETWEEN', low, high } }
  }
  if (part.kind === 'call' && part.name === 'begins_with') {
    const [attribute, value] = part.operands
    if (attribute && value)
      return {
        name: nameOf(attribute, bindings),
        on: { kind: 'begins_with', value: operandValue(value, bindings) },
      }
  }
  throw unsupported(part.kind === 'call' ? part.name : part.kind.toUpperCase())
}

function unsupported(operator: string) {
  return invalid(`Invalid operator used in KeyConditionExpression: ${operator}`)
}

function nameOf(operand: Operand, bindings: Bindings): string {
  if (operand.kind === 'size') throw invalid('KeyConditionExpressions cannot contain nested operations')
  if (operand.kind === 'value')
    throw invalid('Invalid condition in KeyConditionExpression: No key attribute specified')
  const [name, ...rest] = operand.path
  if (rest.length > 0) throw invalid('KeyConditionExpressions cannot have conditions on nested attributes')
  return resolveName(name, bindings)
}

function operandValue(operand: Operand, { values }: Bindings): AttributeValue {
  const value = operand.kind === 'value' ? values[operand.name] : undefined
  if (value === undefined)
    throw invalid(
      'Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition',
    )
  return value
}
