import { DynamoError, invalid } from '../dynamo-error.ts'
import { assertOperands, type Condition, isMet, parseCondition } from '../expressions/condition.ts'
import { type Bindings, memberOf, type Path } from '../expressions/path.ts'
import type { Expression } from '../expressions/tokens.ts'
import { applyUpdate, parseUpdate } from '../expressions/update.ts'
import type { Tables } from '../storage/open-tables.ts'
import type { Key, StoredItem, StoredTable } from '../storage/stored-table.ts'
import { type Item, parseItem, sizeOfItem } from '../values/attribute-value.ts'
import { keyNames, keyOfItem, parseKey } from './item-key.ts'
import {
  assertEmulated,
  bindingsOf,
  type Input,
  optionalExpression,
  optionalText,
  tableOf,
} from './request.ts'

const MAX_ITEM_BYTES = 400 * 1024
const EMPTY: Item = {}

/** The write of one item that is understood and not done yet. */
export type Plan = {
  readonly table: StoredTable
  readonly key: Key
  readonly condition: Expression<Condition> | null
  readonly bindings: Bindings
  /** Whether the failure of the condition returns the item. */
  readonly isItemReturned: boolean
  /** Whether `change` looks at the item. */
  readonly isUpdate: boolean
  /** Returns the item after the write, null if there is none, and the paths that an update named. */
  readonly change: (before: Item | null) => { readonly item: Item | null; readonly paths: readonly Path[] }
}

/** What a write will do, or has done. */
export type Outcome = {
  readonly before: StoredItem | undefined
  readonly after: (StoredItem & { readonly item: Item }) | null
  readonly paths: readonly Path[]
}

/** Understands a PutItem. Throws ValidationException and ResourceNotFoundException. */
export function planPut(tables: Tables, input: Input): Plan {
  const item = parseItem(input.Item)
  return plan(tables, input, (table) => ({
    key: keyOfItem(table.definition, item),
    change: () => ({ item, paths: [] }),
  }))
}

/** Understands a DeleteItem. Throws ValidationException and ResourceNotFoundException. */
export function planDelete(tables: Tables, input: Input): Plan {
  return plan(tables, input, (table) => ({
    key: parseKey(table.definition, input.Key).key,
    change: () => ({ item: null, paths: [] }),
  }))
}

/** Understands the condition of a transaction on an item that it does not write. */
export function planCheck(tables: Tables, input: Input): Plan {
  return plan(tables, input, (table) => ({
    key: parseKey(table.definition, input.Key).key,
    isUpdate: true,
    change: (item) => ({ item, paths: [] }),
  }))
}

/** Understands an UpdateItem. Throws ValidationException and ResourceNotFoundException. */
export function planUpdate(tables: Tables, input: Input): Plan {
  const update = optionalExpression(input, 'UpdateExpression', parseUpdate)
  const planned = (table: StoredTable, bindings: Bindings) => {
    const { key, item: keyItem } = parseKey(table.definition, input.Key)
    const keys = keyNames(table.definition)
    return {
      key,
      isUpdate: true,
      change: (before: Item | null) => {
        const item = before ?? keyItem
        return update === null ? { item, paths: [] } : applyUpdate(update, { item, keys, bindings })
      },
    }
  }
  return plan(tables, input, planned, update)
}

function plan(
  tables: Tables,
  input: Input,
  planned: (
    table: StoredTable,
    bindings: Bindings,
  ) => Pick<Plan, 'key' | 'change'> & { readonly isUpdate?: boolean },
  update: Expression<unknown> | null = null,
): Plan {
  assertEmulated(input)
  const condition = optionalExpression(input, 'ConditionExpression', parseCondition)
  const bindings = bindingsOf(input, [update, condition])
  if (condition) assertOperands(condition, bindings)
  const onFailure = optionalText(input, 'ReturnValuesOnConditionCheckFailure', ['ALL_OLD', 'NONE'])
  const table = tableOf(tables, input)
  const isItemReturned = onFailure === 'ALL_OLD'
  return { table, condition, bindings, isItemReturned, isUpdate: false, ...planned(table, bindings) }
}

/**
 * Returns what a write will do. It reads the item only if the plan, or the caller with `isBeforeRead`, needs it.
 * Throws ConditionalCheckFailedException and ValidationException.
 */
export function judge(
  { table, key, condition, bindings, isItemReturned, isUpdate, change }: Plan,
  isBeforeRead: boolean,
): Outcome {
  const isParsed = condition !== null || isUpdate
  const before = isParsed || isBeforeRead ? table.get(key) : undefined
  const item: Item | null = before && isParsed ? JSON.parse(before.json) : null
  if (condition && !isMet(condition.tree, item ?? EMPTY, bindings))
    throw new DynamoError(
      'ConditionalCheckFailedException',
      'The conditional request failed',
      item && isItemReturned ? { Item: item } : {},
    )
  const { item: changed, paths } = change(item)
  if (changed === null) return { before, after: null, paths }
  const size = sizeOfItem(changed)
  if (size > MAX_ITEM_BYTES)
    throw invalid(`Item size ${isUpdate ? 'to update ' : ''}has exceeded the maximum allowed size`)
  return { before, after: { json: JSON.stringify(changed), size, item: changed }, paths }
}

/** Does what a write was found to do. */
export function apply({ table, key }: Plan, { after }: Outcome): void {
  if (after === null) table.delete(key)
  else table.put(key, { json: after.json, size: after.size, expires: expiryOf(table, after.item) })
}

/** When an item expires, in seconds, by the attribute for the time to live; null if never. */
function expiryOf({ definition: { timeToLive } }: StoredTable, item: Item): number | null {
  const value = timeToLive === null ? undefined : memberOf(item, timeToLive)
  return value !== undefined && 'N' in value ? Math.floor(Number(value.N)) : null
}
