import { BatchWriteCommand, type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { Stream } from '#shared/pipeline/ports.ts'
import type { Item } from './batch.ts'

const DELETES = 25

/** Deletes the parts of every view that a stream made. A rebuild is rare, and run by hand: it may look through the whole table. */
export async function forgetParts(
  client: DynamoDBDocumentClient,
  table: string,
  { topic, partition }: Pick<Stream, 'topic' | 'partition'>,
): Promise<void> {
  let from: Item | undefined
  do {
    const scan = new ScanCommand({
      TableName: table,
      ConsistentRead: true,
      ProjectionExpression: '#view, #part',
      FilterExpression: '#topic = :topic AND #partition = :partition',
      ExpressionAttributeNames: {
        '#view': 'view',
        '#part': 'part',
        '#topic': 'topic',
        '#partition': 'partition',
      },
      ExpressionAttributeValues: { ':topic': topic, ':partition': partition },
      ...(from && { ExclusiveStartKey: from }),
    })
    const { Items = [], LastEvaluatedKey } = await client.send(scan)
    for (let index = 0; index < Items.length; index += DELETES)
      await deleteItems(client, table, Items.slice(index, index + DELETES))
    from = LastEvaluatedKey
  } while (from !== undefined)
}

async function deleteItems(client: DynamoDBDocumentClient, table: string, keys: readonly Item[]) {
  let left = keys.map(({ view, part }) => ({ DeleteRequest: { Key: { view, part } } }))
  while (left.length > 0) {
    const write = new BatchWriteCommand({ RequestItems: { [table]: left } })
    const { UnprocessedItems } = await client.send(write)
    left = (UnprocessedItems?.[table] ?? []) as typeof left
  }
}
