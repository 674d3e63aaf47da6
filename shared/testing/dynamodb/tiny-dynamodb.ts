import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { update } from './expression.ts'
import type { KEYS, TableName } from './tables.ts'
import { copy, type Input, type Item, keyOf, query, scan, type Table, write } from './tiny-table.ts'

type Options = {
  /**
   * Awaited before each step that is not atomic with others in DynamoDB: each item of a batch, each page of a query.
   */
  readonly yieldPoint?: () => Promise<void>
  /** The maximum number of items in a page of a query. */
  readonly pageItems?: number
}
type Steps = { readonly tableOf: (name: TableName) => Table } & Required<Options>
type BatchWrite = Readonly<Record<TableName, readonly { readonly PutRequest: { readonly Item: Item } }[]>>
type BatchGet = Readonly<Record<string, { readonly Keys: readonly Item[] }>>

/**
 * The subset of DynamoDB that the adapters use, in memory. A test decides what happens between any two steps. It has the
 * tables of tables.ts. As in DynamoDB, the write of an item is atomic, and a batch is not.
 */
export function tinyDynamodb({ yieldPoint = async () => {}, pageItems = 1000 }: Options = {}) {
  const tables = new Map<TableName, Table>()
  const tableOf = (name: TableName) => {
    const table = tables.get(name) ?? new Map<string, Item>()
    tables.set(name, table)
    return table
  }
  const steps: Steps = { tableOf, yieldPoint, pageItems }
  const send = (command: { readonly input: unknown }) => {
    const { name } = command.constructor
    const input = command.input as Input
    if (name === 'BatchWriteCommand') return writeBatch(input.RequestItems as BatchWrite, steps)
    if (name === 'BatchGetCommand') return readBatch(input.RequestItems as BatchGet, steps)
    return runCommand(name, input, steps)
  }
  return { client: { send } as unknown as DynamoDBDocumentClient, tableOf }
}

async function runCommand(name: string, input: Input, { tableOf, yieldPoint, pageItems }: Steps) {
  await yieldPoint()
  const { TableName, Key = {} } = input
  const table = tableOf(TableName)
  switch (name) {
    case 'GetCommand':
      return { Item: copy(table.get(keyOf(TableName, Key))) }
    case 'PutCommand':
      return write(table, input, input.Item ?? {}, () => copy(input.Item ?? {}))
    case 'DeleteCommand':
      return write(table, input, Key, () => null)
    case 'UpdateCommand':
      return write(table, input, Key, (item, bindings) =>
        update(input.UpdateExpression ?? '', { ...Key, ...item }, bindings),
      )
    case 'QueryCommand':
      return query(table, input, pageItems)
    case 'ScanCommand':
      return scan(table, input)
    default:
      throw new Error(`${name} is beyond this emulator`)
  }
}

async function writeBatch(requests: BatchWrite, { tableOf, yieldPoint }: Steps) {
  const writes = Object.entries(requests).flatMap(([table, list]) =>
    list.map(async ({ PutRequest: { Item } }) => {
      await yieldPoint()
      const name = table as TableName
      tableOf(name).set(keyOf(name, Item), copy(Item))
    }),
  )
  await Promise.all(writes)
  return { UnprocessedItems: {} }
}

async function readBatch(requests: BatchGet, { tableOf, yieldPoint }: Steps) {
  const Responses: Record<string, Item[]> = {}
  for (const [table, { Keys }] of Object.entries(requests)) {
    const name = table as TableName
    const middle = Math.ceil(Keys.length / 2)
    for (const part of [Keys.slice(0, middle), Keys.slice(middle)]) {
      await yieldPoint()
      const items = part
        .map((key) => tableOf(name).get(keyOf(name, key)))
        .filter((item) => item !== undefined)
      Responses[table] = [...(Responses[table] ?? []), ...(copy(items) as Item[])]
    }
  }
  return { Responses, UnprocessedKeys: {} }
}

/** The names of the tables for the adapters. */
export const TINY_TABLES = {
  log: 'log',
  claims: 'claims',
  connections: 'connections',
  subscriptions: 'subscriptions',
  deadLetters: 'deadLetters',
  views: 'views',
} as const satisfies Record<keyof typeof KEYS, TableName>
