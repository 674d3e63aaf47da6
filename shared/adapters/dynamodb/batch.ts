import { setTimeout as sleep } from 'node:timers/promises'
import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb'
import pLimit from 'p-limit'

export type Item = Record<string, unknown>
type WriteRequests = NonNullable<NonNullable<BatchWriteCommandInput['RequestItems']>[string]>

/** DynamoDB's limits: 25 writes and 100 reads in one batch. */
const WRITES = 25
const READS = 100
const BATCHES_AT_ONCE = 8
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 2000

/** Writes items in batches, again and again what DynamoDB left unprocessed. All are durable when it answers. */
export async function putAll(
  client: DynamoDBDocumentClient,
  table: string,
  items: readonly Item[],
): Promise<void> {
  const requests = items.map((Item) => ({ PutRequest: { Item } }))
  await eachChunk(requests, WRITES, (chunk) => writeChunk(client, table, chunk))
}

async function writeChunk(
  client: DynamoDBDocumentClient,
  table: string,
  chunk: WriteRequests,
): Promise<void> {
  let left: WriteRequests = chunk
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt > 0) await pause(attempt)
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: left } }))
    left = UnprocessedItems?.[table] ?? []
  }
}

/** Reads items by key with strong consistency, in no particular order. Missing items are left out. */
export async function getAll(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Item[],
): Promise<Item[]> {
  const found: Item[] = []
  await eachChunk(keys, READS, async (chunk) => {
    let left: Item[] = chunk
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt > 0) await pause(attempt)
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } }),
      )
      found.push(...(Responses?.[table] ?? []))
      left = UnprocessedKeys?.[table]?.Keys ?? []
    }
  })
  return found
}

async function eachChunk<T>(
  all: readonly T[],
  size: number,
  work: (chunk: T[]) => Promise<void>,
): Promise<void> {
  const limit = pLimit(BATCHES_AT_ONCE)
  const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  )
  await Promise.all(chunks.map((chunk) => limit(work, chunk)))
}

/** Full jitter under a doubling ceiling. */
function pause(attempt: number): Promise<void> {
  return sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt))
}

/** Whether a conditional write was refused by its condition. */
export function isConditionFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException'
}

/** Waits for a conditional write: false if its condition refused it. */
export async function succeeds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (isConditionFailure(error)) return false
    throw error
  }
}
