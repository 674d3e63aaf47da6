import { invalid } from '../dynamo-error.ts'
import type { Path } from '../expressions/path.ts'
import { parseProjection, pathsOf, project } from '../expressions/projection.ts'
import type { Tables } from '../storage/open-tables.ts'
import type { Item } from '../values/attribute-value.ts'
import { parseKey } from './item-key.ts'
import { apply, judge, type Outcome, type Plan, planDelete, planPut, planUpdate } from './plan-write.ts'
import {
  assertEmulated,
  bindingsOf,
  type Input,
  optionalExpression,
  optionalText,
  tableOf,
} from './request.ts'
import { consumedCapacity, doesCount, jsonObject, readUnits, writeUnits } from './response.ts'

/** Reads an item by its key. */
export function getItem(tables: Tables, input: Input): string {
  assertEmulated(input)
  const paths = projectedPaths(input)
  const { definition, get } = tableOf(tables, input)
  const found = get(parseKey(definition, input.Key).key)
  const units = readUnits(found?.size ?? 0, input.ConsistentRead === true)
  return jsonObject({
    Item: found && projected(found.json, paths),
    ConsumedCapacity: consumedCapacity(input, definition.name, units),
  })
}

/** Returns the paths that a request asks for, or null for whole items. */
export function projectedPaths(input: Input): readonly Path[] | null {
  const projection = optionalExpression(input, 'ProjectionExpression', parseProjection)
  const bindings = bindingsOf(input, [projection])
  return projection && pathsOf(projection, bindings)
}

/** Returns an item's JSON with what is asked for. */
export function projected(json: string, paths: readonly Path[] | null): string {
  return paths ? JSON.stringify(project(JSON.parse(json) as Item, paths)) : json
}

/** Writes an item in place of what has its key. */
export function putItem(tables: Tables, input: Input): string {
  return write(planPut(tables, input), input, ['ALL_OLD', 'NONE'])
}

/** Deletes an item by its key. */
export function deleteItem(tables: Tables, input: Input): string {
  return write(planDelete(tables, input), input, ['ALL_OLD', 'NONE'])
}

/** Changes attributes of an item. */
export function updateItem(tables: Tables, input: Input): string {
  const returns = ['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW']
  return write(planUpdate(tables, input), input, returns)
}

function write(plan: Plan, input: Input, allowed: readonly string[]): string {
  const returns = optionalText(input, 'ReturnValues')
  if (returns !== undefined && !allowed.includes(returns)) throw invalid('Return values set to invalid value')
  const outcome = judge(plan, returns === 'ALL_OLD' || doesCount(input))
  apply(plan, outcome)
  const units = writeUnits(outcome.before?.size ?? 0, outcome.after?.size ?? 0)
  return jsonObject({
    Attributes: returnedAttributes(returns, outcome),
    ConsumedCapacity: consumedCapacity(input, plan.table.definition.name, units),
  })
}

function returnedAttributes(
  returns: string | undefined,
  { before, after, paths }: Outcome,
): string | undefined {
  switch (returns) {
    case 'ALL_OLD':
      return before?.json
    case 'ALL_NEW':
      return after?.json
    case 'UPDATED_OLD':
      return before && nonEmpty(project(JSON.parse(before.json), paths))
    case 'UPDATED_NEW':
      return after ? nonEmpty(project(after.item, paths)) : undefined
    default:
      return undefined
  }
}

function nonEmpty(item: Item): string | undefined {
  return Object.keys(item).length > 0 ? JSON.stringify(item) : undefined
}
