import { createHash } from 'node:crypto'
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Service } from '../service.ts'

/** The API keys of the local stack, by what they may do. Everybody knows them, so they exist nowhere else. */
export const LOCAL_KEYS = {
  admin: 'local-dev-key',
  operator: 'local-operator-key',
  publisher: 'local-publisher-key',
  viewer: 'local-viewer-key',
  /** Writes in the name of any user, as the demo does. */
  simulator: 'local-simulator-key',
} as const

const ATTEMPTS = 10

/**
 * Writes the local keys into the table of API keys, in the form of shared/adapters/dynamodb/dynamo-key-store.ts. They are
 * made again at each start, also if they were changed before.
 */
export async function seedKeys(service: Service, endpoint: string): Promise<void> {
  const table = service.custom?.tables?.keys
  if (table === undefined) return
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: ATTEMPTS })
  const now = Date.now()
  const puts = Object.entries(LOCAL_KEYS).flatMap(([name, secret]) => {
    const isSimulator = name === 'simulator'
    return itemsOf(secret, isSimulator ? 'publisher' : name, isSimulator ? ['act-for-others'] : [], now)
  })
  let left: Record<string, { readonly PutRequest: { readonly Item: Item } }[]> = {
    [table]: puts.map((Item) => ({ PutRequest: { Item } })),
  }
  while (Object.keys(left).length > 0) {
    const { UnprocessedItems = {} } = await client.send(new BatchWriteItemCommand({ RequestItems: left }))
    left = UnprocessedItems as typeof left
  }
  client.destroy()
}

type Value = { S: string } | { N: string } | { L: Value[] } | { M: Record<string, Value> }
type Item = Record<string, Value>

function itemsOf(secret: string, role: string, scopes: readonly string[], now: number): Item[] {
  const id = secret.replace(/-key$/, '')
  const hash = createHash('sha256').update(secret).digest('hex')
  const issued = { N: String(now) }
  return [
    { kind: { S: `secret#${hash}` }, item: { S: 'key' }, id: { S: id } },
    {
      kind: { S: 'key' },
      item: { S: id },
      id: { S: id },
      role: { S: role },
      scopes: { L: scopes.map((scope) => ({ S: scope })) },
      secrets: { L: [{ M: { hash: { S: hash }, issued } }] },
      created: issued,
      createdBy: { S: 'the local stack' },
      version: { N: '1' },
    },
  ]
}
