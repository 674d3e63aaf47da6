import type { AccessCheck } from '../../access/access-check.ts'
import { localArn } from '../../access/read-access.ts'
import { parseCondition } from '../expressions/condition.ts'
import { keyConditionOf } from '../expressions/key-condition.ts'
import type { Tables } from '../storage/open-tables.ts'
import { encodeKeyPart } from './item-key.ts'
import { bindingsOf, type Input, isRecord, optionalExpression } from './request.ts'

/** What an operation asks of a table: the action as policies name it, and the hash keys of its items. */
export type AskedItems = {
  readonly action: string
  readonly table: string
  readonly keys: () => readonly string[]
}

/** Policies know no transactions, but what these do of each item. */
const OF_TRANSACTIONS: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
}

/**
 * Returns what an operation asks of each table that it names, for a policy to judge. A request that is not valid asks of
 * fewer: it is refused for that.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 */
export function askedItems(tables: Tables, operation: string, input: Input): readonly AskedItems[] {
  const { RequestItems, TransactItems, TableName } = input
  if (isRecord(RequestItems))
    return Object.entries(RequestItems).map(([table, asked]) => ({
      action: operation,
      table,
      keys: () => batchItems(asked).flatMap((item) => hashOf(tables, table, item)),
    }))
  if (Array.isArray(TransactItems))
    return TransactItems.filter(isRecord).flatMap((entry) =>
      Object.entries(entry).flatMap(([kind, request]) => {
        if (!isRecord(request)) return []
        const table = String(request.TableName)
        const keys = () => hashOf(tables, table, request.Key ?? request.Item)
        return { action: OF_TRANSACTIONS[kind] ?? kind, table, keys }
      }),
    )
  if (typeof TableName !== 'string') return []
  const keys = () =>
    operation === 'Query'
      ? hashOfQuery(tables, TableName, input)
      : hashOf(tables, TableName, input.Key ?? input.Item)
  return [{ action: operation, table: TableName, keys }]
}

/** Returns why a request is not allowed by the policy of its sender, or null. */
export function accessProblem(
  asked: readonly AskedItems[],
  accessKey: string | null,
  check: AccessCheck,
): string | null {
  for (const { action, table, keys } of asked) {
    const resource = localArn('dynamodb', `table/${table}`)
    const problem = check({ accessKey, action: `dynamodb:${action}`, resource, keys })
    if (problem !== null) return problem
  }
  return null
}

/** The keys of a batch that reads, and the keys and items of one that writes. */
function batchItems(asked: unknown): readonly unknown[] {
  if (isRecord(asked)) return Array.isArray(asked.Keys) ? asked.Keys : []
  if (!Array.isArray(asked)) return []
  return asked.filter(isRecord).map(({ PutRequest, DeleteRequest }) => {
    if (isRecord(PutRequest)) return PutRequest.Item
    return isRecord(DeleteRequest) ? DeleteRequest.Key : undefined
  })
}

function hashOf(tables: Tables, table: string, item: unknown): readonly string[] {
  const name = tables.find(table)?.definition.hashKey.name
  const value = isRecord(item) && name !== undefined ? item[name] : undefined
  return isRecord(value) ? Object.values(value).map(String) : []
}

function hashOfQuery(tables: Tables, table: string, input: Input): readonly string[] {
  const definition = tables.find(table)?.definition
  const condition = optionalExpression(input, 'KeyConditionExpression', parseCondition)
  if (definition === undefined || condition === null) return []
  // Other expressions of the query have placeholders as well, which this one does not use.
  const { ExpressionAttributeNames: names, ExpressionAttributeValues: values } = input
  const own = (all: unknown) =>
    isRecord(all)
      ? Object.fromEntries(Object.entries(all).filter(([name]) => condition.placeholders.has(name)))
      : undefined
  const bindings = bindingsOf(
    { ExpressionAttributeNames: emptyToUndefined(own(names)), ExpressionAttributeValues: own(values) },
    [condition],
  )
  return [String(encodeKeyPart(keyConditionOf(condition.tree, definition, bindings).hash))]
}

function emptyToUndefined(fields: Input | undefined): Input | undefined {
  return fields !== undefined && Object.keys(fields).length > 0 ? fields : undefined
}
