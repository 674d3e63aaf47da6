import { DynamoError, invalid } from '../dynamo-error.ts'
import type { Tables } from '../storage/open-tables.ts'
import { parseKey } from './item-key.ts'
import { projected, projectedPaths } from './item-operations.ts'
import {
  apply,
  judge,
  type Outcome,
  type Plan,
  planCheck,
  planDelete,
  planPut,
  planUpdate,
} from './plan-write.ts'
import { assertEmulated, type Input, isRecord, requiredList, tableOf } from './request.ts'
import { consumedCapacities, jsonObject, readUnits, writeUnits } from './response.ts'

const MAX_ITEMS = 100
/** An item in a transaction costs twice its units. */
const COST = 2

const PLANNERS: Readonly<Record<string, (tables: Tables, input: Input) => Plan>> = {
  Put: planPut,
  Update: planUpdate,
  Delete: planDelete,
  ConditionCheck: planCheck,
}

/** Writes up to 100 items, all or none. Throws TransactionCanceledException with a reason for each of them. */
export function transactWriteItems(tables: Tables, input: Input): string {
  const plans = itemsOf(input, 'TransactItems').map(([kind, request]) => {
    const plan = PLANNERS[kind]?.(tables, request)
    if (plan === undefined) throw invalid(`A transaction cannot have ${kind}`)
    return { plan, doesWrite: kind !== 'ConditionCheck' }
  })
  const keys = plans.map(({ plan: { table, key } }) => JSON.stringify([table.definition.name, key]))
  if (new Set(keys).size < keys.length)
    throw invalid('Transaction request cannot include multiple operations on one item')
  const judged = plans.map(({ plan }) => tryToJudge(plan))
  assertAllMet(judged)
  const units = new Map<string, number>()
  tables.atomically(() => {
    for (const [index, { plan, doesWrite }] of plans.entries()) {
      const outcome = judged[index]
      if (outcome === undefined || outcome instanceof DynamoError) continue
      if (doesWrite) apply(plan, outcome)
      const { name } = plan.table.definition
      const consumed = COST * writeUnits(outcome.before?.size ?? 0, outcome.after?.size ?? 0)
      units.set(name, (units.get(name) ?? 0) + consumed)
    }
  })
  return jsonObject({ ConsumedCapacity: consumedCapacities(input, units) })
}

/** Reads up to 100 items as they are at one moment. */
export function transactGetItems(tables: Tables, input: Input): string {
  const units = new Map<string, number>()
  const responses = itemsOf(input, 'TransactItems').map(([kind, request]) => {
    if (kind !== 'Get') throw invalid(`A transaction that reads cannot have ${kind}`)
    assertEmulated(request)
    const { definition, get } = tableOf(tables, request)
    const stored = get(parseKey(definition, request.Key).key)
    units.set(definition.name, (units.get(definition.name) ?? 0) + COST * readUnits(stored?.size ?? 0, true))
    return jsonObject({ Item: stored && projected(stored.json, projectedPaths(request)) })
  })
  return jsonObject({
    Responses: `[${responses.join(',')}]`,
    ConsumedCapacity: consumedCapacities(input, units),
  })
}

function itemsOf(input: Input, name: string): [kind: string, request: Input][] {
  const items = requiredList(input, name)
  if (items.length === 0 || items.length > MAX_ITEMS)
    throw invalid(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and ${MAX_ITEMS}`,
    )
  return items.map((item) => {
    const [[kind, request] = [], ...others] = isRecord(item) ? Object.entries(item) : []
    if (kind === undefined || !isRecord(request) || others.length > 0)
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete')
    return [kind, request]
  })
}

function tryToJudge(plan: Plan): Outcome | DynamoError {
  try {
    return judge(plan, true)
  } catch (error) {
    if (error instanceof DynamoError) return error
    throw error
  }
}

function assertAllMet(judged: readonly (Outcome | DynamoError)[]): void {
  if (!judged.some((one) => one instanceof DynamoError)) return
  const CancellationReasons = judged.map((one) =>
    one instanceof DynamoError
      ? { Code: CODES[one.name] ?? one.name, Message: one.message, ...one.details }
      : { Code: 'None' },
  )
  const codes = CancellationReasons.map(({ Code }) => Code).join(', ')
  throw new DynamoError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons },
  )
}

const CODES: Readonly<Record<string, string>> = {
  ConditionalCheckFailedException: 'ConditionalCheckFailed',
  ValidationException: 'ValidationError',
}
