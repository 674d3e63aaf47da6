import { DynamoError } from '../dynamo-error.ts'
import type { Tables } from '../storage/open-tables.ts'
import { batchGetItem, batchWriteItem } from './batch.ts'
import { deleteItem, getItem, putItem, updateItem } from './item-operations.ts'
import { query, scan } from './query.ts'
import type { Input } from './request.ts'
import {
  createTable,
  deleteTable,
  describeTable,
  describeTimeToLive,
  listTables,
  updateTimeToLive,
} from './table-operations.ts'
import { transactGetItems, transactWriteItems } from './transactions.ts'

const OPERATIONS: ReadonlyMap<string, (tables: Tables, input: Input) => string> = new Map([
  ['BatchGetItem', batchGetItem],
  ['BatchWriteItem', batchWriteItem],
  ['CreateTable', createTable],
  ['DeleteItem', deleteItem],
  ['DeleteTable', deleteTable],
  ['DescribeTable', describeTable],
  ['DescribeTimeToLive', describeTimeToLive],
  ['GetItem', getItem],
  ['ListTables', listTables],
  ['PutItem', putItem],
  ['Query', query],
  ['Scan', scan],
  ['TransactGetItems', transactGetItems],
  ['TransactWriteItems', transactWriteItems],
  ['UpdateItem', updateItem],
  ['UpdateTimeToLive', updateTimeToLive],
])

/**
 * Runs an operation of DynamoDB, such as `GetItem`, on a request. All of what it writes is committed when it returns.
 * @returns the response as JSON. Throws DynamoError.
 */
export function runOperation(tables: Tables, name: string, input: Input): string {
  const operation = OPERATIONS.get(name)
  if (operation === undefined)
    throw new DynamoError(
      'UnknownOperationException',
      `The local tables do not have ${name || 'what was called'}. Set DYNAMODB_ENDPOINT to a DynamoDB Local to use it (docs/local-stack.md).`,
    )
  return operation(tables, input)
}
