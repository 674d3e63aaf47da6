import {
  DeleteCommand,
  type DocumentClient,
  PutCommand,
  UpdateCommand,
} from '#shared/adapters/dynamodb/commands.ts'
import { deleteAll, succeeds } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import type { Subscription } from '#shared/pipeline/ports.ts'
import type { patternVersions } from './pattern-version.ts'
import { channelKey, flagUpdate, notNewer, type Registration, shardOf } from './subscription-rows.ts'

type Deps = { readonly shards: number; readonly versions: ReturnType<typeof patternVersions> }

/** Writes the rows of subscriptions, each in the shard of its connection, and then names them as changed. */
export function rowWriter(client: DocumentClient, table: string, { shards, versions }: Deps) {
  /** The rows of a pattern that are in the shard of a connection. */
  const channelOf = (connection: string, pattern: string): string =>
    channelKey({ shards, shard: shardOf(connection, shards) }, pattern)
  const nameOf = ({ connection, id }: Pick<Registration, 'connection' | 'id'>) => `${connection}#${id}`
  const rowKey = (subscription: Registration, pattern: string) => ({
    channel: channelOf(subscription.connection, pattern),
    subscriber: nameOf(subscription),
  })

  return {
    /** Writes the rows of a registration; false if a newer one has one of them. */
    async put(subscription: Subscription, expires: number): Promise<boolean> {
      const { channels } = subscription
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
      await announce(subscription, channels)
      return written.every(Boolean)
    },

    /** Deletes the rows of a registration, or of an older one, under these patterns. */
    async remove(subscription: Registration, patterns: readonly string[]): Promise<void> {
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
      await announce(subscription, patterns)
    },

    /**
     * Deletes the rows of a connection that is gone, whichever registration they are of: what is still being registered
     * takes its rows back. Each pattern names them together.
     */
    async removeAll(
      connection: string,
      subscriptions: readonly { readonly id: string; readonly patterns: readonly string[] }[],
    ): Promise<void> {
      const rows = subscriptions.flatMap(({ id, patterns }) =>
        patterns.map((pattern) => ({
          channel: channelOf(connection, pattern),
          subscriber: nameOf({ connection, id }),
        })),
      )
      const byChannel = new Map<string, Set<string>>()
      for (const { channel, subscriber } of rows)
        byChannel.set(channel, (byChannel.get(channel) ?? new Set()).add(subscriber))
      const changes = [...byChannel].map(([channel, names]) => ({ channel, names: [...names] }))
      const keys = changes.flatMap(({ channel, names }) =>
        names.map((subscriber) => ({ channel, subscriber })),
      )
      await deleteAll(client, table, keys)
      await Promise.all(changes.map(({ channel, names }) => versions.add(channel, names)))
    },

    /** Marks the rows of exactly this registration behind. */
    async markBehind(subscription: Registration): Promise<void> {
      const { registration, channels } = subscription
      await Promise.all(
        channels.map((pattern) =>
          succeeds(client.send(flagUpdate('behind', table, rowKey(subscription, pattern), registration))),
        ),
      )
      await announce(subscription, channels)
    },

    /** Gives the rows of exactly this registration its reader, unless they have one with a newer credential. */
    async renew(subscription: Subscription): Promise<void> {
      const { registration, channels, reader } = subscription
      await Promise.all(
        channels.map((pattern) => {
          const update = new UpdateCommand({
            TableName: table,
            Key: rowKey(subscription, pattern),
            UpdateExpression: 'SET reader = :reader',
            ConditionExpression:
              'registration = :registration AND (attribute_not_exists(reader) OR reader.issued <= :issued)',
            ExpressionAttributeValues: {
              ':reader': reader,
              ':registration': registration,
              ':issued': reader.issued,
            },
          })
          return succeeds(client.send(update))
        }),
      )
      await announce(subscription, channels)
    },
  }

  /** Names the rows of a subscription as changed. They must be written before. */
  async function announce(subscription: Registration, patterns: readonly string[]): Promise<void> {
    const [{ connection }, name] = [subscription, nameOf(subscription)]
    await Promise.all(patterns.map((pattern) => versions.add(channelOf(connection, pattern), [name])))
  }
}
