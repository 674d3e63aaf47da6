import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DynamoDBClient, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb'
import { viewOf } from '#shared/adapters/dynamodb/view-spreads.ts'

/** What a data folder takes on disk: megabytes by its first folders, and the files of Kafka's log. */
export type Footprint = { readonly megabytes: ReadonlyMap<string, number>; readonly segments: number }

const BLOCK_BYTES = 512

/** Returns what is on disk below a data folder. Files that vanish meanwhile are left out. */
export async function footprintOf(dataDir: string): Promise<Footprint> {
  const parts = await readdir(dataDir).catch(() => [])
  const megabytes = new Map<string, number>()
  let segments = 0
  for (const part of parts) {
    const entries = await readdir(join(dataDir, part), { withFileTypes: true, recursive: true }).catch(
      () => [],
    )
    const files = entries.filter((entry) => entry.isFile())
    const sizes = await Promise.all(
      files.map(({ parentPath, name }) =>
        stat(join(parentPath, name)).then(
          ({ blocks }) => blocks * BLOCK_BYTES,
          () => 0,
        ),
      ),
    )
    megabytes.set(part, sizes.reduce((sum, size) => sum + size, 0) / 1e6)
    segments += files.filter(({ name }) => name.endsWith('.log')).length
  }
  return { megabytes, segments }
}

/** Returns how many items each table has. Reads all of them, so it is for now and then. */
export async function countItems(endpoint: string): Promise<ReadonlyMap<string, number>> {
  const client = clientOf(endpoint)
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  const counts = new Map<string, number>()
  for (const TableName of TableNames) {
    let count = 0
    const pages = paginateScan({ client }, { TableName, Select: 'COUNT' })
    for await (const { Count = 0 } of pages) count += Count
    counts.set(TableName, count)
  }
  client.destroy()
  return counts
}

/** Returns how many parts each view has. Reads all of them. */
export async function countParts(endpoint: string): Promise<ReadonlyMap<string, number>> {
  const client = clientOf(endpoint)
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  const TableName = TableNames.find((name) => name.endsWith('-views'))
  const counts = new Map<string, number>()
  const names = { '#view': 'view' }
  const pages = paginateScan(
    { client },
    { TableName, ProjectionExpression: '#view', ExpressionAttributeNames: names },
  )
  for await (const { Items = [] } of pages)
    for (const { view } of Items) {
      const name = viewOf(view?.S ?? '')
      if (name.includes('/')) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  client.destroy()
  return counts
}

function clientOf(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return new DynamoDBClient({ endpoint, region: 'local', credentials })
}
