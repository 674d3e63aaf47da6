import { randomUUID } from 'node:crypto'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import { dynamoClient } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { startDynamodb as startLocal } from '../../../localstack/dynamodb/start-dynamodb.ts'
import { KEYS, type TableName, tableInput } from './tables.ts'

/**
 * Creates new tables on the DynamoDB at DYNAMODB_ENDPOINT (such as DynamoDB Local), or on the local stack's, in this
 * process and in memory.
 * @returns the document client, the endpoint, the tables' names, and `stop`.
 */
export async function startDynamodb() {
  const given = process.env.DYNAMODB_ENDPOINT
  const local = given ? null : await startLocal({ port: 0, dataDir: null, log: console.error })
  const endpoint = given ?? local?.endpoint ?? ''
  const client = dynamoClient({ endpoint, isLocal: true })
  const admin = tableClient(endpoint)
  const suffix = randomUUID().slice(0, 8)
  const names = Object.fromEntries(Object.keys(KEYS).map((name) => [name, `${name}-${suffix}`]))
  const tables = names as Record<TableName, string>
  for (const [name, table] of Object.entries(tables)) {
    await admin.send(new CreateTableCommand(tableInput(name as TableName, table)))
    while (!(await isActive(table))) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    name: given ? `on DynamoDB at ${given}` : "on the local stack's DynamoDB",
    client,
    endpoint,
    tables,
    async stop() {
      for (const TableName of Object.values(tables)) await admin.send(new DeleteTableCommand({ TableName }))
      admin.destroy()
      await local?.stop()
    },
  }

  async function isActive(TableName: string): Promise<boolean> {
    const { Table } = await admin.send(new DescribeTableCommand({ TableName }))
    return Table?.TableStatus === 'ACTIVE'
  }
}

/** The SDK's client, for calls about tables: what runs in a function makes none. */
export function tableClient(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return new DynamoDBClient({ endpoint, region: 'local', credentials })
}
