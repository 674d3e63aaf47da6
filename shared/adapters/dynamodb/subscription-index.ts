import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Filter } from '#shared/core/interest.ts'
import type { Subscription } from '#shared/pipeline/ports.ts'
import { getAll, type Item, queryAll, succeeds } from './dynamo-requests.ts'

// connections table, key (connection, item):
//   (c1, meta)      the principal
//   (c1, sub#s1)    a subscription on record: attempt, registration, channels, filter, behind; `marking` or `removed`
//                   from the moment that somebody begins to mark or remove it; and `leftovers`: channels of older
//                   registrations whose rows below may still be there
// subscriptions table, key (channel, subscriber), where channel is "<shards>/<shard>|<pattern>":
//   (1/0|port.*, c1#s1)     the same subscription under one of its patterns
//   (1/0|port.*, #version)  counts every change of this pattern's rows

export const META = 'meta'
export const VERSION = '#version'
const ROW_PREFIX = 'sub#'

type Cached = {
  readonly version: number
  readonly subscriptions: readonly Subscription[]
  readonly expires: number
}

/** A pattern with more subscriptions than this is read again for each batch instead of being kept in memory. */
const CACHED_SUBSCRIPTIONS = 50_000
const CACHED_PATTERNS = 10_000

/**
 * Subscriptions by pattern. Every change of a pattern's rows is followed by a change of its version, and only then
 * answered; so a reader that sees an unchanged version (one strongly consistent batch read for all patterns of a
 * batch) may use the rows it already has.
 */
export function subscriptionIndex(client: DynamoDBDocumentClient, table: string, shard: Shard) {
  const cache = new Map<string, Cached>()
  /** The rows of a pattern that are in the shard of a connection. */
  const channelOf = (connection: string, pattern: string): string =>
    channelKey({ shards: shard.shards, shard: shardOf(connection, shard.shards) }, pattern)
  const rowKey = ({ connection, id }: Subscription, pattern: string) => ({
    channel: channelOf(connection, pattern),
    subscriber: `${connection}#${id}`,
  })

  return {
    /** Writes the rows of a registration; false if a newer one has one of them. */
    async put(subscription: Subscription, expires: number): Promise<boolean> {
      const { connection, channels } = subscription
      const written = await Promise.all(
        channels.map((pattern) => {
          const put = new PutCommand({
            TableName: table,
            Item: { ...subscription, ...rowKey(subscription, pattern), expires },
            ...notNewer(subscription),
          })
          return succeeds(client.send(put))
        }),
      )
      await bump(connection, channels)
      return written.every(Boolean)
    },

    /** Deletes the rows of a registration, or of an older one, under these patterns. */
    async remove(subscription: Subscription, patterns: readonly string[]): Promise<void> {
      const { connection } = subscription
      await Promise.all(
        patterns.map((pattern) => {
          const remove = new DeleteCommand({
            TableName: table,
            Key: rowKey(subscription, pattern),
            ...notNewer(subscription),
          })
          return succeeds(client.send(remove))
        }),
      )
      await bump(connection, patterns)
    },

    /** Marks the rows of exactly this registration behind. */
    async markBehind(subscription: Subscription): Promise<void> {
      const { connection, registration, channels } = subscription
      await Promise.all(
        channels.map((pattern) =>
          succeeds(client.send(flagUpdate('behind', table, rowKey(subscription, pattern), registration))),
        ),
      )
      await bump(connection, channels)
    },

    /** Every live subscription of this shard under each pattern; patterns without one are omitted. */
    async matching(patterns: readonly string[]): Promise<Map<string, readonly Subscription[]>> {
      const versions = await readVersions(patterns)
      const found = await Promise.all(
        [...versions].map(
          async ([pattern, version]) => [pattern, await subscriptionsOf(pattern, version)] as const,
        ),
      )
      return new Map(found.filter(([, subscriptions]) => subscriptions.length > 0))
    },
  }

  async function bump(connection: string, patterns: readonly string[]): Promise<void> {
    const updates = patterns.map((pattern) =>
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: { channel: channelOf(connection, pattern), subscriber: VERSION },
          UpdateExpression: 'ADD #version :one',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':one': 1 },
        }),
      ),
    )
    await Promise.all(updates)
  }

  async function readVersions(patterns: readonly string[]): Promise<Map<string, number>> {
    const byKey = new Map(patterns.map((pattern) => [channelKey(shard, pattern), pattern]))
    const items = await getAll(
      client,
      table,
      [...byKey.keys()].map((channel) => ({ channel, subscriber: VERSION })),
    )
    return new Map(items.map((item) => [byKey.get(String(item.channel)) ?? '', Number(item.version)]))
  }

  async function subscriptionsOf(pattern: string, version: number): Promise<readonly Subscription[]> {
    const now = Math.floor(Date.now() / 1000)
    const known = cache.get(pattern)
    if (known?.version === version && known.expires > now) return known.subscriptions
    const items = await queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'channel = :channel',
      ExpressionAttributeValues: { ':channel': channelKey(shard, pattern) },
    })
    const live = items.filter(({ subscriber, expires }) => subscriber !== VERSION && Number(expires) > now)
    const subscriptions = live.map(toSubscription)
    const expires = Math.min(...live.map((item) => Number(item.expires)), Number.POSITIVE_INFINITY)
    remember(pattern, { version, subscriptions, expires })
    return subscriptions
  }

  function remember(pattern: string, cached: Cached): void {
    cache.delete(pattern)
    if (cached.subscriptions.length > CACHED_SUBSCRIPTIONS) return
    cache.set(pattern, cached)
    const oldest = cache.keys().next().value
    if (cache.size > CACHED_PATTERNS && oldest !== undefined) cache.delete(oldest)
  }
}

/** The condition that no newer registration has an item. */
export function notNewer({ registration }: Pick<Subscription, 'registration'>) {
  return {
    ConditionExpression: 'attribute_not_exists(registration) OR registration <= :registration',
    ExpressionAttributeValues: { ':registration': registration },
  }
}

/** Sets a flag of an item if it is of this registration. */
export function flagUpdate(
  flag: 'behind' | 'marking' | 'removed',
  table: string,
  key: Item,
  registration: number,
): UpdateCommand {
  return new UpdateCommand({
    TableName: table,
    Key: key,
    UpdateExpression: 'SET #flag = :true',
    ConditionExpression: 'registration = :registration',
    ExpressionAttributeNames: { '#flag': flag },
    ExpressionAttributeValues: { ':true': true, ':registration': registration },
  })
}

/** Which share of the connections an index serves: shard `shard` of `shards`. */
export type Shard = { readonly shard: number; readonly shards: number }

/** The shard of a connection: an FNV-1a hash of its id. */
function shardOf(connection: string, shards: number): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < connection.length; index++)
    hash = Math.imul(hash ^ connection.charCodeAt(index), 0x01000193) >>> 0
  return hash % shards
}

export function channelKey({ shard, shards }: Shard, pattern: string): string {
  return `${shards}/${shard}|${pattern}`
}

export function recordKey(connection: string, id: string): Item {
  return { connection, item: `${ROW_PREFIX}${id}` }
}

export function isRecord(item: Item): boolean {
  return String(item.item).startsWith(ROW_PREFIX)
}

export function toSubscription(item: Item): Subscription {
  return {
    connection: String(item.connection),
    id: String(item.id),
    attempt: Number(item.attempt),
    registration: Number(item.registration),
    channels: item.channels as string[],
    ...(item.filter !== undefined && { filter: item.filter as Filter }),
    behind: item.behind === true,
  }
}
