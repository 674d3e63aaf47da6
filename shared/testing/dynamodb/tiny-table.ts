import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { type Bindings, meets } from './expression.ts'
import { KEYS, type TableName } from './tables.ts'

export type Item = Readonly<Record<string, unknown>>
export type Table = Map<string, Item>

/** The members of the inputs of commands that the adapters use. */
export type Input = {
  readonly TableName: TableName
  readonly Key?: Item
  readonly Item?: Item
  readonly RequestItems?: unknown
  readonly ConditionExpression?: string
  readonly UpdateExpression?: string
  readonly ReturnValues?: string
  readonly KeyConditionExpression?: string
  readonly FilterExpression?: string
  readonly ExpressionAttributeNames?: Record<string, string>
  readonly ExpressionAttributeValues?: Item
  readonly ScanIndexForward?: boolean
  readonly ExclusiveStartKey?: Item
  readonly Limit?: number
}

/** Copies an item. It does not use structuredClone, which takes longer than the rest of a simulated step. */
export function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copy) as T
  if (Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member)])) as T
}

/** Returns the key of an item as text. */
export function keyOf(table: TableName, item: Item): string {
  const [partitionKey, sortKey] = KEYS[table]
  return JSON.stringify([item[partitionKey], item[sortKey]])
}

function bindingsOf({ ExpressionAttributeNames: names, ExpressionAttributeValues: values }: Input): Bindings {
  return { names, values }
}

/**
 * Changes one item if it satisfies the condition; null deletes it. Otherwise throws ConditionalCheckFailedException.
 */
export function write(
  table: Table,
  input: Input,
  key: Item,
  change: (item: Item, bindings: Bindings) => Item | null,
): object {
  const id = keyOf(input.TableName, key)
  const item = table.get(id) ?? {}
  if (!meets(input.ConditionExpression, item, bindingsOf(input)))
    throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} })
  const changed = change(item, bindingsOf(input))
  if (changed === null) table.delete(id)
  else table.set(id, changed)
  return input.ReturnValues === 'ALL_NEW' ? { Attributes: copy(changed) } : {}
}

/**
 * Returns one page of a query. As in DynamoDB, a page that ended at its limit has a last key even if nothing follows.
 */
export function query(table: Table, input: Input, pageItems: number): object {
  const [, sortKey] = KEYS[input.TableName]
  const bindings = bindingsOf(input)
  const direction = input.ScanIndexForward === false ? -1 : 1
  const compare = (left: Item, right: Item) => direction * compareKeys(left[sortKey], right[sortKey])
  const { ExclusiveStartKey: start, Limit = Number.POSITIVE_INFINITY } = input
  const found = [...table.values()]
    .filter((item) => meets(input.KeyConditionExpression, item, bindings))
    .sort(compare)
    .filter((item) => start === undefined || compare(item, start) > 0)
  const page = found.slice(0, Math.min(pageItems, Limit))
  const isLast = page.length === found.length && page.length < Limit
  const Items = copy(page.filter((item) => meets(input.FilterExpression, item, bindings)))
  return { Items, ...(!isLast && { LastEvaluatedKey: page.at(-1) }) }
}

/** Returns a scan in one page. */
export function scan(table: Table, input: Input): object {
  const found = [...table.values()].filter((item) => meets(input.FilterExpression, item, bindingsOf(input)))
  return { Items: copy(found), Count: found.length }
}

function compareKeys(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  return String(left) < String(right) ? -1 : Number(String(left) > String(right))
}
