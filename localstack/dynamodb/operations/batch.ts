import { invalid } from '../dynamo-error.ts'
import type { Tables } from '../storage/open-tables.ts'
import type { StoredTable } from '../storage/stored-table.ts'
import { parseKey } from './item-key.ts'
import { projected, projectedPaths } from './item-operations.ts'
import { apply, judge, type Plan, planDelete, planPut } from './plan-write.ts'
import { assertEmulated, findTable, type Input, isRecord, requiredList, requiredRecord } from './request.ts'
import { consumedCapacities, doesCount, jsonObject, readUnits, writeUnits } from './response.ts'

const MAX_READS = 100
const MAX_WRITES = 25
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024

/** Reads up to 100 items by their keys. What would make the response larger than 16 MB stays unprocessed. */
export function batchGetItem(tables: Tables, input: Input): string {
  const requests = requestsOf(input).map(([name, request]) => {
    if (!isRecord(request)) throw invalid(`The request for the table ${name} must be a map`)
    assertEmulated(request)
    const keys = requiredList(request, 'Keys')
    assertNotEmpty(keys, `requestItems.${name}.member.keys`)
    return { name, request, table: findTable(tables, name), keys }
  })
  const total = requests.reduce((sum, { keys }) => sum + keys.length, 0)
  if (total > MAX_READS) throw invalid('Too many items requested for the BatchGetItem call')
  const responses: Record<string, string> = {}
  const unprocessed: Record<string, string> = {}
  const units = new Map<string, number>()
  let bytes = 0
  for (const { name, request, table, keys } of requests) {
    const paths = projectedPaths(request)
    const parsed = keys.map((key) => parseKey(table.definition, key))
    assertDistinct(parsed.map(({ item }) => JSON.stringify(item)))
    const found: string[] = []
    const left: unknown[] = []
    for (const { key, item } of parsed) {
      const stored = bytes > MAX_RESPONSE_BYTES ? undefined : table.get(key)
      bytes += stored?.size ?? 0
      if (bytes > MAX_RESPONSE_BYTES) left.push(item)
      else {
        units.set(
          name,
          (units.get(name) ?? 0) + readUnits(stored?.size ?? 0, request.ConsistentRead === true),
        )
        if (stored) found.push(projected(stored.json, paths))
      }
    }
    responses[name] = `[${found.join(',')}]`
    if (left.length > 0) unprocessed[name] = JSON.stringify({ ...request, Keys: left })
  }
  return jsonObject({
    Responses: jsonObject(responses),
    UnprocessedKeys: jsonObject(unprocessed),
    ConsumedCapacity: consumedCapacities(input, units),
  })
}

/** Puts and deletes up to 25 items, each by itself, in one commit. */
export function batchWriteItem(tables: Tables, input: Input): string {
  const plans = requestsOf(input).flatMap(([name, requests]) => {
    const table = findTable(tables, name)
    if (!Array.isArray(requests)) throw invalid(`The requests for the table ${name} must be a list`)
    assertNotEmpty(requests, `requestItems.${name}.member`)
    const planned = requests.map((request) => planWrite(tables, name, request))
    assertDistinct(planned.map((plan) => identityOf(table, plan)))
    return planned
  })
  if (plans.length > MAX_WRITES) throw invalid('Too many items requested for the BatchWriteItem call')
  const outcomes = plans.map((plan) => judge(plan, doesCount(input)))
  const units = new Map<string, number>()
  tables.atomically(() => {
    for (const [index, plan] of plans.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined) continue
      apply(plan, outcome)
      const { name } = plan.table.definition
      const consumed = writeUnits(outcome.before?.size ?? 0, outcome.after?.size ?? 0)
      units.set(name, (units.get(name) ?? 0) + consumed)
    }
  })
  return jsonObject({ UnprocessedItems: '{}', ConsumedCapacity: consumedCapacities(input, units) })
}

function requestsOf(input: Input): [string, unknown][] {
  const requests = Object.entries(requiredRecord(input, 'RequestItems'))
  assertNotEmpty(requests, 'requestItems')
  return requests
}

function assertNotEmpty(list: readonly unknown[], at: string): void {
  if (list.length > 0) return
  throw invalid(
    `1 validation error detected: Value at '${at}' failed to satisfy constraint: Member must have length greater than or equal to 1`,
  )
}

function planWrite(tables: Tables, TableName: string, request: unknown): Plan {
  if (isRecord(request) && Object.keys(request).length === 1) {
    const { PutRequest, DeleteRequest } = request
    if (isRecord(PutRequest)) return planPut(tables, { TableName, Item: PutRequest.Item })
    if (isRecord(DeleteRequest)) return planDelete(tables, { TableName, Key: DeleteRequest.Key })
  }
  throw invalid(
    'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
  )
}

function identityOf({ definition }: StoredTable, { key: { hash, range } }: Plan): string {
  return JSON.stringify([definition.name, hash, range])
}

function assertDistinct(keys: readonly string[]): void {
  if (new Set(keys).size < keys.length) throw invalid('Provided list of item keys contains duplicates')
}
