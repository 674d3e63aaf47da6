import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Filter } from '#shared/core/interest.ts'
import type { Subscription } from '#shared/pipeline/ports.ts'
import type { Item } from './dynamo-requests.ts'
import { hashOf } from './hash.ts'

// connections table, key (connection, item):
//   (c1, meta)      the principal; how many there are: connection-counter.ts
//   (c1, sub#s1)    a subscription on record: attempt, registration, channels, filter, behind; `marking` or `removed`
//                   from the moment that somebody begins to mark or remove it; and `leftovers`: channels of older
//                   registrations whose rows below may still be there
// subscriptions table, key (channel, subscriber), where channel is "<shards>/<shard>|<pattern>":
//   (1/0|port.*, c1#s1)     the same subscription under one of its patterns
//   versions of the patterns: pattern-version.ts

export const META = 'meta'
const ROW_PREFIX = 'sub#'

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

/** The shard of a connection. */
export function shardOf(connection: string, shards: number): number {
  return hashOf(connection) % shards
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
