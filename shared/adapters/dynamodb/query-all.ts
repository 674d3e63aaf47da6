import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Item } from './batch.ts'

/** Follows a query over its pages until `limit` items are found. */
export async function queryAll(
  client: DynamoDBDocumentClient,
  input: ConstructorParameters<typeof QueryCommand>[0],
  limit = Number.POSITIVE_INFINITY,
): Promise<Item[]> {
  const found: Item[] = []
  let from: Item | undefined
  do {
    const rest = limit - found.length
    const { Items, LastEvaluatedKey } = await client.send(
      new QueryCommand({
        ...input,
        ...(Number.isFinite(rest) && { Limit: rest }),
        ...(from && { ExclusiveStartKey: from }),
      }),
    )
    found.push(...(Items ?? []))
    from = LastEvaluatedKey
  } while (from !== undefined && found.length < limit)
  return found
}
