import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { Item } from './batch.ts'
import { META } from './subscription-items.ts'

/** A count is good for so long, unless a younger one is wanted: it looks through the whole table. */
const KEPT_MS = 3000

/** Makes the function that counts the connections on record. */
export function connectionCounter(
  client: DynamoDBDocumentClient,
  table: string,
): (maxAgeMs?: number) => Promise<number> {
  let counted: { readonly at: number; readonly count: Promise<number> } | null = null
  return (maxAgeMs = KEPT_MS) => {
    if (counted === null || maxAgeMs === 0 || Date.now() - counted.at > maxAgeMs) {
      const count = countConnections(client, table)
      counted = { at: Date.now(), count }
      count.catch(() => {
        counted = null
      })
    }
    return counted.count
  }
}

async function countConnections(client: DynamoDBDocumentClient, table: string): Promise<number> {
  let count = 0
  let from: Item | undefined
  do {
    const scan = new ScanCommand({
      TableName: table,
      Select: 'COUNT',
      FilterExpression: '#item = :meta AND expires > :now',
      ExpressionAttributeNames: { '#item': 'item' },
      ExpressionAttributeValues: { ':meta': META, ':now': Math.floor(Date.now() / 1000) },
      ...(from && { ExclusiveStartKey: from }),
    })
    const { Count = 0, LastEvaluatedKey } = await client.send(scan)
    count += Count
    from = LastEvaluatedKey
  } while (from !== undefined)
  return count
}
