import { DynamoError, invalid, notEmulated } from '../dynamo-error.ts'
import type { Bindings } from '../expressions/path.ts'
import type { Expression } from '../expressions/tokens.ts'
import type { Tables } from '../storage/open-tables.ts'
import type { StoredTable } from '../storage/stored-table.ts'
import { type Item, parseItem } from '../values/attribute-value.ts'

/** The members of a request, as its JSON has them. */
export type Input = Readonly<Record<string, unknown>>

/** What came before expressions; DynamoDB still takes it. */
const LEGACY = [
  'AttributesToGet',
  'AttributeUpdates',
  'ConditionalOperator',
  'Expected',
  'KeyConditions',
  'QueryFilter',
  'ScanFilter',
]

/** Throws ValidationException if a request has parameters of the time before expressions, or asks for an index. */
export function assertEmulated(input: Input): void {
  const legacy = LEGACY.find((name) => input[name] !== undefined)
  if (legacy) throw notEmulated(`the legacy parameter ${legacy}`)
  if (input.IndexName !== undefined) throw notEmulated('secondary indexes')
}

export function isRecord(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns a member that is text, one of `allowed` if any are named; undefined if it is missing. */
export function optionalText(input: Input, name: string, allowed?: readonly string[]): string | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  const at = `'${name[0]?.toLowerCase()}${name.slice(1)}'`
  if (typeof value !== 'string') throw invalid(`The value at ${at} must be a string`)
  if (allowed && !allowed.includes(value))
    throw invalid(
      `1 validation error detected: Value '${value}' at ${at} failed to satisfy constraint: Member must satisfy enum value set: [${allowed.join(', ')}]`,
    )
  return value
}

/** Returns a member that is text. Throws ValidationException if it is missing. */
export function requiredText(input: Input, name: string): string {
  const value = optionalText(input, name)
  if (value === undefined) throw missing(name)
  return value
}

/** Returns a member that is a map. Throws ValidationException if it is missing. */
export function requiredRecord(input: Input, name: string): Input {
  const value = input[name]
  if (!isRecord(value)) throw missing(name)
  return value
}

/** Returns a member that is a list. Throws ValidationException if it is missing. */
export function requiredList(input: Input, name: string): readonly unknown[] {
  const value = input[name]
  if (!Array.isArray(value)) throw missing(name)
  return value
}

function missing(name: string): DynamoError {
  return invalid(
    `1 validation error detected: Value null at '${name[0]?.toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must not be null`,
  )
}

/** Returns a member that is a whole number of at least `minimum`; undefined if it is missing. */
export function optionalCount(input: Input, name: string, minimum: number): number | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum)
    throw invalid(
      `1 validation error detected: Value '${value}' at '${name[0]?.toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must have value greater than or equal to ${minimum}`,
    )
  return value
}

/** Returns the table that a request names. Throws ResourceNotFoundException. */
export function tableOf(tables: Tables, input: Input): StoredTable {
  return findTable(tables, requiredText(input, 'TableName'))
}

/** Returns a table. Throws ResourceNotFoundException. */
export function findTable(tables: Tables, name: string): StoredTable {
  const table = tables.find(name)
  if (table === undefined) throw new DynamoError('ResourceNotFoundException', 'Requested resource not found')
  return table
}

/** Parses the expression in a member; null if it is missing. */
export function optionalExpression<T>(
  input: Input,
  kind: Expression<T>['kind'],
  parse: (kind: Expression<T>['kind'], text: string) => Expression<T>,
): Expression<T> | null {
  const text = optionalText(input, kind)
  return text === undefined ? null : parse(kind, text)
}

const NOTHING: Item = {}
const UNBOUND: Bindings = { names: {}, values: NOTHING }

/**
 * Returns what a request gives to the placeholders of its expressions. Throws ValidationException if one of them has
 * nothing, or if something is given that none uses.
 */
export function bindingsOf(input: Input, expressions: readonly (Expression<unknown> | null)[]): Bindings {
  const given = expressions.filter((expression) => expression !== null)
  const { ExpressionAttributeNames: names, ExpressionAttributeValues: values } = input
  if (given.length === 0 && (names !== undefined || values !== undefined))
    throw invalid(
      `ExpressionAttribute${names === undefined ? 'Values' : 'Names'} can only be specified when using expressions`,
    )
  const bindings =
    names === undefined && values === undefined
      ? UNBOUND
      : { names: parseNames(names), values: parseValues(values) }
  for (const { kind, placeholders } of given)
    for (const placeholder of placeholders) assertDefined(kind, placeholder, bindings)
  assertUsed('Names', bindings.names, given)
  assertUsed('Values', bindings.values, given)
  return bindings
}

function assertDefined(kind: string, placeholder: string, { names, values }: Bindings): void {
  if (Object.hasOwn(placeholder.startsWith('#') ? names : values, placeholder)) return
  throw invalid(
    placeholder.startsWith('#')
      ? `Invalid ${kind}: An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`
      : `Invalid ${kind}: An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
  )
}

function assertUsed(what: string, given: object, expressions: readonly Expression<unknown>[]): void {
  const unused = Object.keys(given).filter(
    (name) => !expressions.some(({ placeholders }) => placeholders.has(name)),
  )
  if (unused.length > 0)
    throw invalid(
      `Value provided in ExpressionAttribute${what} unused in expressions: keys: {${unused.join(', ')}}`,
    )
}

function parseNames(names: unknown): Readonly<Record<string, string>> {
  if (names === undefined || names === null) return {}
  if (!isRecord(names) || Object.keys(names).length === 0)
    throw invalid('ExpressionAttributeNames must not be empty')
  for (const [key, name] of Object.entries(names)) {
    if (!/^#[0-9a-zA-Z_]+$/.test(key))
      throw invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${key}"`)
    if (typeof name !== 'string' || name === '')
      throw invalid(`ExpressionAttributeNames contains invalid value: must be a name for key ${key}`)
  }
  return names as Readonly<Record<string, string>>
}

function parseValues(values: unknown): Item {
  if (values === undefined || values === null) return NOTHING
  if (!isRecord(values) || Object.keys(values).length === 0)
    throw invalid('ExpressionAttributeValues must not be empty')
  const wrong = Object.keys(values).find((key) => !/^:[0-9a-zA-Z_]+$/.test(key))
  if (wrong !== undefined)
    throw invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${wrong}"`)
  try {
    return parseItem(values)
  } catch (error) {
    if (!(error instanceof DynamoError)) throw error
    throw invalid(`ExpressionAttributeValues contains invalid value: ${error.message}`)
  }
}
