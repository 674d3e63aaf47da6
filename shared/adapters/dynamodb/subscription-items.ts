import type { Filter } from '#shared/core/interest.ts'
import type { Subscription } from '#shared/pipeline/ports.ts'
import type { Item } from './batch.ts'

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

/** Which share of the connections an index serves: shard `shard` of `shards`. */
export type Shard = { readonly shard: number; readonly shards: number }

/** The shard of a connection: an FNV-1a hash of its id. */
export function shardOf(connection: string, shards: number): number {
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
