import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { Principal } from '#shared/core/principal.ts'
import type {
  Subscription,
  SubscriptionRef,
  SubscriptionRequest,
  SubscriptionStore,
} from '#shared/pipeline/ports.ts'
import { connectionCounter } from './connection-counter.ts'
import { type Item, queryAll, succeeds } from './dynamo-requests.ts'
import { subscriptionIndex } from './subscription-index.ts'
import {
  flagUpdate,
  isRecord,
  META,
  notNewer,
  recordKey,
  type Shard,
  toSubscription,
} from './subscription-rows.ts'

/** A little over the 2 h after which the gateway closes any connection (I7). Seconds. */
const LIFETIME_SECONDS = 2 * 3600 + 600

type SubscriptionTables = { readonly connections: string; readonly subscriptions: string }

/** The SubscriptionStore on DynamoDB; `matching` returns the subscriptions of this shard's connections. */
export function dynamoSubscriptionStore(
  client: DynamoDBDocumentClient,
  tables: SubscriptionTables,
  shard: Shard,
): SubscriptionStore {
  const table = tables.connections
  const index = subscriptionIndex(client, tables.subscriptions, shard)
  const counter = connectionCounter(client, table)
  const now = () => Math.floor(Date.now() / 1000)
  const get = async (key: Item): Promise<Item | null> => {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))
    return Item && Number(Item.expires) > now() ? Item : null
  }
  /** What the table has of a connection, expired or not. */
  const itemsOf = (connection: string): Promise<Item[]> =>
    queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#connection = :connection',
      ExpressionAttributeNames: { '#connection': 'connection' },
      ExpressionAttributeValues: { ':connection': connection },
    })
  const isLiveRecord = (item: Item) => isRecord(item) && Number(item.expires) > now()
  /**
   * Deletes a registration unless there is a newer one. It is first marked as removed, so a `register` that still
   * writes its rows deletes them again.
   */
  const drop = async (record: Item): Promise<void> => {
    const subscription = toSubscription(record)
    const Key = recordKey(subscription.connection, subscription.id)
    if (!(await succeeds(client.send(flagUpdate('removed', table, Key, subscription.registration))))) return
    await index.remove(subscription, [...new Set([...subscription.channels, ...leftoversOf(record)])])
    await succeeds(client.send(new DeleteCommand({ TableName: table, Key, ...notNewer(subscription) })))
  }

  return {
    async connect(connection, principal) {
      const expires = now() + LIFETIME_SECONDS
      const Item = { connection, item: META, principal, expires }
      await Promise.all([client.send(new PutCommand({ TableName: table, Item })), counter.add(expires, 1)])
    },

    async principalOf(connection) {
      const item = await get({ connection, item: META })
      return item ? (item.principal as Principal) : null
    },

    async register(request) {
      const expires = now() + LIFETIME_SECONDS
      const registered = await putRecord(request, expires)
      if (registered === null) return null
      const { subscription, stale } = registered
      const isWritten = await index.put(subscription, expires)
      if (stale.length > 0) await index.remove(subscription, stale)
      const isInForce = await settleRows(subscription)
      return isWritten && isInForce ? subscription : null
    },

    async list(connection) {
      const records = (await itemsOf(connection)).filter(isLiveRecord).filter(isRegistered)
      // No shard matches a registration that was made with another number of shards, so the client must subscribe again.
      return records.map((record) => {
        const subscription = toSubscription(record)
        return { ...subscription, behind: subscription.behind || record.shards !== shard.shards }
      })
    },

    async remove(connection, id) {
      const record = await get(recordKey(connection, id))
      if (record) await drop(record)
    },

    async removeConnection(connection, met = []) {
      const items = await itemsOf(connection)
      await Promise.all(items.filter(isLiveRecord).map(drop))
      await Promise.all(met.map((subscription) => index.remove(subscription, subscription.channels)))
      const meta = items.find(({ item }) => item === META)
      if (meta && (await deleteMeta(connection))) await counter.add(Number(meta.expires), -1)
    },

    countConnections: () => counter.count(now()),

    matching: (patterns) => index.matching(patterns),

    async markBehind(ref: SubscriptionRef) {
      const key = recordKey(ref.connection, ref.id)
      const record = await get(key)
      // The record is marked last. Then every row is marked except those that `register` is writing, which reads `marking`.
      if (!isRegistered(record) || record.registration !== ref.registration || record.behind === true) return
      if (!(await succeeds(client.send(flagUpdate('marking', table, key, ref.registration))))) return
      await index.markBehind(toSubscription(record))
      await succeeds(client.send(flagUpdate('behind', table, key, ref.registration)))
    },
  }

  /** Of several that delete it at once, one is told that it did. */
  function deleteMeta(connection: string): Promise<boolean> {
    const remove = new DeleteCommand({
      TableName: table,
      Key: { connection, item: META },
      ConditionExpression: 'attribute_exists(expires)',
    })
    return succeeds(client.send(remove))
  }

  /** Stores the request in place of exactly the record that it read. Returns null if there is a newer attempt. */
  async function putRecord(request: SubscriptionRequest, expires: number): Promise<Registered | null> {
    const key = recordKey(request.connection, request.id)
    const channels = [...new Set(request.channels)]
    for (;;) {
      const older = await get(key)
      if (isRegistered(older) && Number(older.attempt) > request.attempt) return null
      // Later registrations have higher numbers, even after the record was removed in between.
      const registration = Math.max(Date.now(), Number(older?.registration ?? 0) + 1)
      const subscription: Subscription = { ...request, channels, registration, behind: false }
      const leftovers = older ? [...toSubscription(older).channels, ...leftoversOf(older)] : []
      const stale = [...new Set(leftovers)].filter((pattern) => !channels.includes(pattern))
      const put = new PutCommand({
        TableName: table,
        Item: { ...subscription, ...key, leftovers: stale, shards: shard.shards, expires },
        ConditionExpression: older
          ? 'registration = :older'
          : 'attribute_not_exists(registration) OR expires <= :now',
        ExpressionAttributeValues: older ? { ':older': older.registration } : { ':now': now() },
      })
      if (await succeeds(client.send(put))) return { subscription, stale }
    }
  }

  /**
   * Of two that register at once the older takes its rows back; a connection that was marked meanwhile marks all.
   * False if overtaken.
   */
  async function settleRows(subscription: Subscription): Promise<boolean> {
    const record = await get(recordKey(subscription.connection, subscription.id))
    if (isRegistered(record) && record.registration === subscription.registration) {
      if (record.marking === true) await index.markBehind(subscription)
      return true
    }
    const kept = isRegistered(record) ? toSubscription(record).channels : []
    await index.remove(
      subscription,
      subscription.channels.filter((pattern) => !kept.includes(pattern)),
    )
    return false
  }
}

/** A subscription on record, and the patterns whose rows of older registrations are to go. */
type Registered = { readonly subscription: Subscription; readonly stale: readonly string[] }

function isRegistered(record: Item | null): record is Item {
  return record !== null && record.removed !== true
}

function leftoversOf(record: Item): string[] {
  return (record.leftovers as string[] | undefined) ?? []
}
