import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb'

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
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials })
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  const counts = new Map<string, number>()
  for (const TableName of TableNames) {
    let key: Record<string, never> | undefined
    let count = 0
    do {
      const page = await client.send(
        new ScanCommand({ TableName, Select: 'COUNT', ...(key && { ExclusiveStartKey: key }) }),
      )
      count += page.Count ?? 0
      key = page.LastEvaluatedKey as typeof key
    } while (key)
    counts.set(TableName, count)
  }
  client.destroy()
  return counts
}
