import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { CreateTableCommand, DeleteTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'
import { dynamoClient } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { KEYS, type TableName, tableInput } from './tables.ts'

/**
 * Creates new tables on the DynamoDB at DYNAMODB_ENDPOINT (such as DynamoDB Local), or on a dynalite in this process.
 * @returns the document client, the tables' names, and `stop`.
 */
export async function startDynamodb() {
  const given = process.env.DYNAMODB_ENDPOINT
  const emulator = given ? null : await startDynalite()
  const client = dynamoClient({ endpoint: given ?? emulator?.endpoint, isLocal: true })
  const suffix = randomUUID().slice(0, 8)
  const names = Object.fromEntries(Object.keys(KEYS).map((name) => [name, `${name}-${suffix}`]))
  const tables = names as Record<TableName, string>
  for (const [name, table] of Object.entries(tables)) {
    await client.send(new CreateTableCommand(tableInput(name as TableName, table)))
    while (!(await isActive(table))) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    name: given ? `on DynamoDB at ${given}` : 'on dynalite',
    client,
    tables,
    async stop() {
      for (const TableName of Object.values(tables)) await client.send(new DeleteTableCommand({ TableName }))
      client.destroy()
      await emulator?.stop()
    },
  }

  async function isActive(TableName: string): Promise<boolean> {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }))
    return Table?.TableStatus === 'ACTIVE'
  }
}

async function startDynalite() {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { endpoint: `http://127.0.0.1:${port}`, stop }
}
