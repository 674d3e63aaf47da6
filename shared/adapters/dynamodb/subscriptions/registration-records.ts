import {
  DeleteCommand,
  type DocumentClient,
  GetCommand,
  PutCommand,
} from '#shared/adapters/dynamodb/commands.ts'
import {
  deleteAll,
  getAll,
  type Item,
  queryAll,
  succeeds,
} from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Subscription, SubscriptionRef, SubscriptionRequest } from '#shared/pipeline/ports.ts'
import { type ConnectionRecords, isConnection, metaKey, toOpenConnection } from './connection-records.ts'
import type { SubscriptionIndex } from './subscription-index.ts'
import {
  behindUpdate,
  flagUpdate,
  isRecord,
  isSameReader,
  notNewer,
  type Registration,
  readerOf,
  recordKey,
  toRegistration,
} from './subscription-rows.ts'

type Deps = {
  readonly table: string
  readonly connections: ConnectionRecords
  readonly index: SubscriptionIndex
  readonly shards: number
  /** Seconds since 1970. */
  readonly now: () => number
}

/**
 * The subscriptions of connections on record, and with them the rows of the index. Only what has its record takes a slot
 * of its connection, and only what has a slot writes rows: so no race leaves more of them than there are slots.
 */
export function registrationRecords(client: DocumentClient, deps: Deps) {
  const { table, connections, index, shards, now } = deps
  const register = registrar(client, deps)
  const get = recordReader(client, deps)
  /** What the table has of a connection, expired or not. */
  const itemsOf = (connection: string): Promise<Item[]> =>
    queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#connection = :connection',
      ExpressionAttributeNames: { '#connection': 'connection' },
      ExpressionAttributeValues: { ':connection': connection },
    })
  const recordsOf = async (connection: string) =>
    (await itemsOf(connection)).filter((item) => isRecord(item) && Number(item.expires) > now())
  /**
   * Deletes a registration unless there is a newer one. It is first marked as removed, so a `register` that still
   * writes its rows deletes them again.
   */
  const drop = async (record: Item): Promise<void> => {
    const subscription = toRegistration(record)
    const Key = recordKey(subscription.connection, subscription.id)
    if (!(await succeeds(client.send(flagUpdate('removed', table, Key, subscription.registration))))) return
    await index.remove(subscription, [...new Set([...subscription.channels, ...leftoversOf(record)])])
    await succeeds(client.send(new DeleteCommand({ TableName: table, Key, ...notNewer(subscription) })))
  }

  return {
    register,

    async list(connection: string): Promise<Registration[]> {
      const records = (await recordsOf(connection)).filter(isRegistered)
      // No shard matches a registration that was made with another number of shards, so the client must subscribe again.
      return records.map((record) => {
        const registration = toRegistration(record)
        return { ...registration, behind: registration.behind || record.shards !== shards }
      })
    },

    async remove(connection: string, id: string): Promise<void> {
      const record = await get(connection, id)
      if (record === null) return freeLeftSlot(connection, id)
      await drop(record)
      await connections.freeSlot(connection, id, Number(record.registration))
    },

    /**
     * Removes all that is on record of a connection that is gone, and the rows of subscriptions that the caller `met`. The
     * records go last, so that what a crash left is found again.
     */
    async removeAll(connection: string, met: readonly Subscription[]): Promise<void> {
      const records = await recordsOf(connection)
      await index.removeAll(connection, [
        ...records.map((record) => {
          const { id, channels } = toRegistration(record)
          return { id, patterns: [...channels, ...leftoversOf(record)] }
        }),
        ...met.map(({ id, channels }) => ({ id, patterns: channels })),
      ])
      await deleteAll(
        client,
        table,
        records.map((record) => recordKey(connection, String(record.id))),
      )
    },

    async markBehind(ref: SubscriptionRef): Promise<void> {
      const key = recordKey(ref.connection, ref.id)
      const record = await get(ref.connection, ref.id)
      // The record is marked last. Then every row is marked except those that `register` is writing, which reads `marking`.
      if (!isRegistered(record) || record.registration !== ref.registration || record.behind === true) return
      if (!(await succeeds(client.send(flagUpdate('marking', table, key, ref.registration))))) return
      await index.markBehind(toRegistration(record))
      await succeeds(client.send(behindUpdate(table, key, ref.registration)))
    },
  }

  /** A slot whose subscription was removed by somebody who crashed before it gave it free. */
  async function freeLeftSlot(connection: string, id: string): Promise<void> {
    const slots = ((await connections.get(connection))?.slots ?? {}) as Readonly<Record<string, number>>
    const slot = Object.hasOwn(slots, id) ? slots[id] : undefined
    if (slot === undefined || (await get(connection, id))) return
    await connections.freeSlot(connection, id, slot)
  }
}

/** Returns what registers a subscription; `expires` is in seconds. */
function registrar(client: DocumentClient, deps: Deps) {
  const { table, connections, index, shards, now } = deps
  const get = recordReader(client, deps)

  return async (request: SubscriptionRequest, expires: number): Promise<Subscription | null> => {
    const registered = await putRecord(request, expires)
    if (registered === null) return null
    const { registration, replaced, stale } = registered
    const meta = await connections.takeSlot(request.connection, request.id, registration.registration)
    if (meta === null) return withoutSlot(registration, replaced)
    const subscription = { ...registration, reader: readerOf(toOpenConnection(meta).principal) }
    const isWritten = await index.put(subscription, expires)
    if (stale.length > 0) await index.remove(registration, stale)
    const settled = await settleRows(subscription)
    return isWritten ? settled : null
  }

  /** Stores the request in place of exactly the record that it read. Returns null if there is a newer attempt. */
  async function putRecord(request: SubscriptionRequest, expires: number): Promise<Registered | null> {
    const key = recordKey(request.connection, request.id)
    const channels = [...new Set(request.channels)]
    for (;;) {
      const older = await get(request.connection, request.id)
      if (isRegistered(older) && Number(older.attempt) > request.attempt) return null
      // Later registrations have higher numbers, even after the record was removed in between.
      const number = Math.max(Date.now(), Number(older?.registration ?? 0) + 1)
      const registration: Registration = { ...request, channels, registration: number, behind: false }
      const leftovers = older ? [...toRegistration(older).channels, ...leftoversOf(older)] : []
      const stale = [...new Set(leftovers)].filter((pattern) => !channels.includes(pattern))
      const put = new PutCommand({
        TableName: table,
        Item: { ...registration, ...key, leftovers: stale, shards, expires },
        ConditionExpression: older
          ? 'registration = :older'
          : 'attribute_not_exists(registration) OR expires <= :now',
        ExpressionAttributeValues: older ? { ':older': older.registration } : { ':now': now() },
      })
      if (await succeeds(client.send(put))) return { registration, replaced: [...new Set(leftovers)], stale }
    }
  }

  /**
   * Takes a record back that got no slot. Throws Refusal `too_large` if there is none left; returns null if a newer
   * registration has it, or the connection is gone.
   */
  async function withoutSlot(registration: Registration, replaced: readonly string[]): Promise<null> {
    const { connection, id, channels } = registration
    const meta = await connections.get(connection)
    // Who removed the registration that this one replaced may have met its record only, and left its rows to us.
    const left = meta === null ? [...new Set([...channels, ...replaced])] : replaced
    if (left.length > 0) await index.remove(registration, left)
    const remove = new DeleteCommand({
      TableName: table,
      Key: recordKey(connection, id),
      ConditionExpression: 'registration = :registration',
      ExpressionAttributeValues: { ':registration': registration.registration },
    })
    if (!(await succeeds(client.send(remove))) || meta === null) return null
    throw new Refusal(
      'too_large',
      `A connection holds at most ${SUBSCRIPTION_LIMIT} subscriptions; unsubscribe one first.`,
    )
  }

  /**
   * Of two that register at once the older takes its rows back; a connection that was marked meanwhile marks all, and one
   * that got another principal gives it to all. Returns null if it was overtaken, or the connection was removed.
   */
  async function settleRows(subscription: Subscription): Promise<Subscription | null> {
    const { connection, id } = subscription
    const items = await getAll(client, table, [metaKey(connection), recordKey(connection, id)])
    const live = items.filter(({ expires }) => Number(expires) > now())
    const record = live.find(isRecord) ?? null
    const meta = live.find(isConnection)
    if (meta && isRegistered(record) && record.registration === subscription.registration) {
      if (record.marking === true) await index.markBehind(subscription)
      const reader = readerOf(toOpenConnection(meta).principal)
      if (isSameReader(reader, subscription.reader)) return subscription
      await index.renew({ ...subscription, reader })
      return { ...subscription, reader }
    }
    const kept = meta && isRegistered(record) ? toRegistration(record).channels : []
    await index.remove(
      subscription,
      subscription.channels.filter((pattern) => !kept.includes(pattern)),
    )
    return null
  }
}

function recordReader(client: DocumentClient, { table, now }: Deps) {
  return async (connection: string, id: string): Promise<Item | null> => {
    const Key = recordKey(connection, id)
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
    return Item && Number(Item.expires) > now() ? Item : null
  }
}

/**
 * A subscription on record, the patterns that may have rows of the registrations that it `replaced`, and those of them
 * that it has not itself.
 */
type Registered = {
  readonly registration: Registration
  readonly replaced: readonly string[]
  readonly stale: readonly string[]
}

function isRegistered(record: Item | null): record is Item {
  return record !== null && record.removed !== true
}

function leftoversOf(record: Item): string[] {
  return (record.leftovers as string[] | undefined) ?? []
}
