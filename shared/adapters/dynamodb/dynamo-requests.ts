import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import {
  type AwsSettings,
  localSigning,
  serviceEndpoint,
  signingOf,
} from '#shared/adapters/aws/aws-settings.ts'
import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteInput,
  type DocumentClient,
  QueryCommand,
  type QueryInput,
} from './commands.ts'
import { itemClient } from './item-calls.ts'

type Options = {
  readonly endpoint?: string | undefined
  readonly isLocal?: boolean
  readonly aws?: AwsSettings
}

/**
 * Returns a client of DynamoDB, or of what listens at `endpoint`. With `isLocal` it signs with credentials of no
 * account.
 */
export function dynamoClient({ endpoint, isLocal = false, aws = {} }: Options = {}): DocumentClient {
  const signing = isLocal ? localSigning(aws) : signingOf(aws)
  const url = endpoint === undefined ? serviceEndpoint('dynamodb', signing.region) : new URL(endpoint)
  return itemClient({ endpoint: url, ...signing })
}

export type Item = Record<string, unknown>
type WriteRequests = NonNullable<NonNullable<BatchWriteInput['RequestItems']>[string]>

/** DynamoDB's limits: 25 writes and 100 reads in one batch. */
const WRITES = 25
const READS = 100
const BATCHES_AT_ONCE = 8
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 2000

/** Writes items in batches, and repeats what DynamoDB left unprocessed. All are durable when it returns. */
export async function putAll(client: DocumentClient, table: string, items: readonly Item[]): Promise<void> {
  const requests = items.map((Item) => ({ PutRequest: { Item } }))
  await eachChunk(requests, WRITES, (chunk) => writeChunk(client, table, chunk))
}

/** Deletes items by key in batches. All are gone when it returns; a key without an item changes nothing. */
export async function deleteAll(client: DocumentClient, table: string, keys: readonly Item[]): Promise<void> {
  const requests = keys.map((Key) => ({ DeleteRequest: { Key } }))
  await eachChunk(requests, WRITES, (chunk) => writeChunk(client, table, chunk))
}

async function writeChunk(client: DocumentClient, table: string, chunk: WriteRequests): Promise<void> {
  let left: WriteRequests = chunk
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt > 0) await pause(attempt)
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: left } }))
    left = UnprocessedItems?.[table] ?? []
  }
}

type Projection = {
  readonly ProjectionExpression: string
  readonly ExpressionAttributeNames: Record<string, string>
}

/** Reads items by key with strong consistency, in no particular order. Missing items are omitted. */
export async function getAll(
  client: DocumentClient,
  table: string,
  keys: readonly Item[],
  projection?: Projection,
): Promise<Item[]> {
  const found: Item[] = []
  await eachChunk(keys, READS, async (chunk) => {
    let left: Item[] = chunk
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt > 0) await pause(attempt)
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({
          RequestItems: { [table]: { Keys: left, ConsistentRead: true, ...projection } },
        }),
      )
      found.push(...(Responses?.[table] ?? []))
      left = UnprocessedKeys?.[table]?.Keys ?? []
    }
  })
  return found
}

/** Reads at most 100 items of several tables in one request, with strong consistency, and by table. */
export async function getTables(
  client: DocumentClient,
  tables: ReadonlyMap<string, readonly Item[]>,
): Promise<Map<string, Item[]>> {
  const found = new Map<string, Item[]>()
  let left = Object.fromEntries(
    [...tables].map(([table, Keys]) => [table, { Keys: [...Keys], ConsistentRead: true }]),
  )
  for (let attempt = 0; Object.keys(left).length > 0; attempt++) {
    if (attempt > 0) await pause(attempt)
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetCommand({ RequestItems: left }),
    )
    for (const [table, items] of Object.entries(Responses))
      found.set(table, [...(found.get(table) ?? []), ...items])
    left = Object.fromEntries(
      Object.entries(UnprocessedKeys).map(([table, { Keys = [] }]) => [
        table,
        { Keys, ConsistentRead: true },
      ]),
    )
  }
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

/** After so many tries, some 8 s, a batch is given up: its function must report what is not done before its own limit. */
const MOST_TRIES = 12

/** Full jitter under a doubling ceiling. Throws as a throttled request does if there were too many tries. */
async function pause(attempt: number): Promise<void> {
  if (attempt >= MOST_TRIES)
    throw Object.assign(new Error(`DynamoDB left a batch unprocessed ${MOST_TRIES} times`), {
      name: 'ProvisionedThroughputExceededException',
    })
  await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt))
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

/** Follows a query over its pages until `limit` items are found. */
export async function queryAll(
  client: DocumentClient,
  input: QueryInput,
  limit = Number.POSITIVE_INFINITY,
): Promise<Item[]> {
  const found: Item[] = []
  for await (const { items } of queryPages(client, input, () => limit - found.length)) found.push(...items)
  return found
}

/**
 * Reads a query page by page, for as long as `room` returns more than 0: how many items the next page may read. A page
 * says how many items it read, of which a filter may have dropped some.
 */
export async function* queryPages(
  client: DocumentClient,
  input: QueryInput,
  room: () => number,
): AsyncGenerator<{ readonly items: Item[]; readonly read: number }, void> {
  let from: Item | undefined
  for (let rest = room(); rest > 0; rest = room()) {
    const query = new QueryCommand({
      ...input,
      ...(Number.isFinite(rest) && { Limit: rest }),
      ...(from && { ExclusiveStartKey: from }),
    })
    const { Items = [], ScannedCount, LastEvaluatedKey } = await client.send(query)
    yield { items: Items, read: ScannedCount ?? Items.length }
    if (LastEvaluatedKey === undefined) return
    from = LastEvaluatedKey
  }
}

/**
 * Follows a filtered query until `limit` items are found, and reads at most `extra` more than that: items that the filter
 * drops must not make a request of a client as long as their number.
 */
export async function queryBounded(
  client: DocumentClient,
  input: QueryInput,
  { limit, extra }: { readonly limit: number; readonly extra: number },
): Promise<Item[]> {
  const found: Item[] = []
  let left = limit + extra
  const room = () => (found.length < limit ? Math.min(left, limit) : 0)
  for await (const { items, read } of queryPages(client, input, room)) {
    found.push(...items)
    left -= read
  }
  return found.slice(0, limit)
}
