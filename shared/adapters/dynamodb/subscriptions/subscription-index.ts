import { DeleteCommand, type DocumentClient } from '#shared/adapters/dynamodb/commands.ts'
import { getAll, type Item, queryAll } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import type { ReadItems } from '#shared/adapters/dynamodb/joined-reads.ts'
import type { Subscription } from '#shared/pipeline/ports.ts'
import { type KeptRows, keptSubscriptions } from './kept-subscriptions.ts'
import { type PatternVersion, patternVersions } from './pattern-version.ts'
import { rowWriter } from './row-writer.ts'
import { channelKey, type Shard } from './subscription-rows.ts'

/** What is kept in memory. Subscriptions are counted under each of their patterns. */
const KEPT = { patterns: 10_000, subscriptions: 100_000 }

/** How many expired rows a read of a whole pattern deletes. */
const SWEPT_AT_ONCE = 100

/** A row that is read by its key costs a read unit; a query gets about so many for it. */
const ROWS_PER_UNIT = 17

export type SubscriptionIndex = ReturnType<typeof subscriptionIndex>

/**
 * Subscriptions by pattern (docs/adr/0018). A change of a row is followed by a change of its pattern's version, which
 * names the row, and only then answered. So a reader that sees a version (one strongly consistent batch read for all
 * patterns of a batch) may use the rows it has of that version, and reads again only those that changed since.
 */
export function subscriptionIndex(
  client: DocumentClient,
  table: string,
  { readItems, ...shard }: Shard & { readonly readItems?: ReadItems | undefined },
) {
  const now = () => Math.floor(Date.now() / 1000)
  const kept = keptSubscriptions(KEPT, now)
  const versions = patternVersions(client, table, { ...(readItems && { readItems }) })
  const refreshes = new Map<string, Promise<KeptRows>>()
  const rows = rowWriter(client, table, { shards: shard.shards, versions })

  return {
    ...rows,

    /** Every live subscription of this shard under each pattern; patterns without one are omitted. */
    async matching(patterns: readonly string[]): Promise<Map<string, readonly Subscription[]>> {
      const patternOf = new Map(patterns.map((pattern) => [channelKey(shard, pattern), pattern]))
      const seen = await versions.read([...patternOf.keys()])
      const found = await Promise.all(
        [...seen].map(async ([channel, version]) => {
          const pattern = patternOf.get(channel) ?? ''
          return [pattern, await subscriptionsOf(channel, version)] as const
        }),
      )
      return new Map(found.filter(([, subscriptions]) => subscriptions.length > 0))
    },
  }

  async function subscriptionsOf(channel: string, seen: PatternVersion): Promise<readonly Subscription[]> {
    // One refresh of a pattern at a time: partitions that see the same change read it once.
    for (;;) {
      const known = kept.get(channel)
      if (known !== undefined && known.version() >= seen.version) return known.list()
      const running = refreshes.get(channel)
      if (running === undefined) break
      await running.catch(() => undefined) // the batch that began it is told
    }
    const refresh = readRows(channel, seen).finally(() => refreshes.delete(channel))
    refreshes.set(channel, refresh)
    return (await refresh).list()
  }

  /** Reads the rows that changed since the version that is kept, or all of them if not all changes are named. */
  async function readRows(channel: string, seen: PatternVersion): Promise<KeptRows> {
    const known = kept.get(channel)
    const changed = known && (await changesOf(channel, seen, known))
    if (known && changed) {
      const found = await getAll(
        client,
        table,
        changed.map((subscriber) => ({ channel, subscriber })),
      )
      known.update(seen.version, changed, found)
      return known
    }
    const items = await queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'channel = :channel',
      ExpressionAttributeValues: { ':channel': channel },
    })
    await sweep(items)
    return kept.replace(channel, seen.version, items)
  }

  /**
   * Deletes some of the expired rows that a read of a whole pattern met: the next one need not read them again, and time
   * to live may delete them days late. A row that was registered again meanwhile stays.
   */
  async function sweep(items: readonly Item[]): Promise<void> {
    const seconds = now()
    const expired = items.filter(({ expires }) => Number(expires) <= seconds).slice(0, SWEPT_AT_ONCE)
    const deletes = expired.map(({ channel, subscriber }) => {
      const remove = new DeleteCommand({
        TableName: table,
        Key: { channel, subscriber },
        ConditionExpression: 'expires <= :now',
        ExpressionAttributeValues: { ':now': seconds },
      })
      return client.send(remove)
    })
    await Promise.allSettled(deletes) // what is left is no subscription either
  }

  /** Returns the rows that changed since the version that is kept, or null if it is cheaper to read all. */
  function changesOf(channel: string, seen: PatternVersion, known: KeptRows) {
    return versions.changesSince(channel, seen, known.version(), known.size() / ROWS_PER_UNIT)
  }
}
