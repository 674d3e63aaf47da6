import { UpdateCommand } from '#shared/adapters/dynamodb/commands.ts'
import type { Item } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { hashOf } from '#shared/adapters/dynamodb/hash.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import type { Filter } from '#shared/core/interest.ts'
import type { Reader, Subscription } from '#shared/pipeline/ports.ts'

// connections table, key (connection, item):
//   (c1, meta)      the connection: connection-records.ts
//   (c1, sub#s1)    a subscription on record: attempt, registration, channels, filter, behind, behindSince; `marking` or `removed`
//                   from the moment that somebody begins to mark or remove it; and `leftovers`: channels of older
//                   registrations whose rows below may still be there
// subscriptions table, key (channel, subscriber), where channel is "<shards>/<shard>|<pattern>":
//   (1/0|port.*, c1#s1)     the same subscription under one of its patterns, with the `reader` that it is for
//   versions of the patterns: pattern-version.ts

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

/** Marks a record of this registration as behind, from now on. */
export function behindUpdate(table: string, key: Item, registration: number): UpdateCommand {
  return new UpdateCommand({
    TableName: table,
    Key: key,
    UpdateExpression: 'SET behind = :true, behindSince = if_not_exists(behindSince, :now)',
    ConditionExpression: 'registration = :registration',
    ExpressionAttributeValues: { ':true': true, ':registration': registration, ':now': Date.now() },
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

/** What an item of either table says of a subscription. Only a row says for whom it is. */
export function toRegistration(item: Item): Registration {
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

/** A subscription on record. */
export type Registration = Omit<Subscription, 'reader'>

export function toSubscription(row: Item): Subscription {
  return { ...toRegistration(row), reader: (row.reader as Reader | undefined) ?? NOBODY }
}

/** The reader of a row that an older version wrote: it has ended, so its connection is asked for who reads. */
const NOBODY: Reader = { name: '', role: 'viewer', issued: 0, expires: 0 }

/** What a row keeps of a principal. */
export function readerOf({ name, id, role, grants, issued, expires }: Principal): Reader {
  return {
    name,
    role,
    issued,
    ...(id !== undefined && { id }),
    ...(grants && { grants }),
    ...(expires !== undefined && { expires }),
  }
}

/** Whether two readers may read the same, for as long. */
export function isSameReader(one: Reader, other: Reader): boolean {
  const text = ({ name, id, role, issued, expires, grants }: Reader) =>
    JSON.stringify([
      [name, id, role, issued, expires],
      grants?.map(({ actions, channels, types }) => [actions, channels, types]),
    ])
  return text(one) === text(other)
}
