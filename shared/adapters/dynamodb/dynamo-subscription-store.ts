import type { SubscriptionStore } from '#shared/pipeline/ports.ts'
import type { DocumentClient } from './commands.ts'
import type { ReadItems } from './joined-reads.ts'
import { connectionCounter } from './subscriptions/connection-counter.ts'
import { connectionRecords, toOpenConnection } from './subscriptions/connection-records.ts'
import { openConnections } from './subscriptions/open-connections.ts'
import { principalCounter } from './subscriptions/principal-counter.ts'
import { registrationRecords } from './subscriptions/registration-records.ts'
import { subscriptionIndex } from './subscriptions/subscription-index.ts'
import { readerOf, type Shard } from './subscriptions/subscription-rows.ts'

/** A little over the 2 h after which the gateway closes any connection (I7). Seconds. */
const LIFETIME_SECONDS = 2 * 3600 + 600

type SubscriptionTables = { readonly connections: string; readonly subscriptions: string }

/**
 * The SubscriptionStore on DynamoDB; `matching` returns the subscriptions of this shard's connections. With
 * `readItems` it reads the versions of patterns together with what others read.
 */
export function dynamoSubscriptionStore(
  client: DocumentClient,
  tables: SubscriptionTables,
  shard: Shard,
  readItems?: ReadItems,
): SubscriptionStore {
  const table = tables.connections
  const now = () => Math.floor(Date.now() / 1000)
  const endOfLife = () => now() + LIFETIME_SECONDS
  const counter = connectionCounter(client, table)
  const principals = principalCounter(client, table, now)
  const connections = connectionRecords(client, table, now)
  const open = openConnections(client, { table, lifetime: LIFETIME_SECONDS, shards: shard.shards, now })
  const index = subscriptionIndex(client, tables.subscriptions, { ...shard, readItems })
  const records = registrationRecords(client, { table, connections, index, shards: shard.shards, now })

  return {
    async connect(connection, principal, atMost = Number.MAX_SAFE_INTEGER, address = undefined) {
      const expires = endOfLife()
      if (!(await principals.add(principal.name, expires, atMost))) return false
      await Promise.all([
        connections.put(connection, principal, expires),
        counter.add(expires, 1),
        open.add({ connection, expires }, principal.name, address),
      ])
      return true
    },

    async find(connection) {
      const item = await connections.get(connection)
      return item && toOpenConnection(item)
    },

    async countMessage(connection) {
      const item = await connections.countMessage(connection)
      return item && { ...toOpenConnection(item), messages: Number(item.messages) }
    },

    async renew(connection, principal) {
      const item = (await connections.renew(connection, principal)) ?? (await connections.get(connection))
      if (item === null) return null
      const open = toOpenConnection(item)
      const reader = readerOf(open.principal)
      // What is being registered meanwhile is on record already, or finds the new principal at its end.
      const registered = await records.list(connection)
      await Promise.all(registered.map((registration) => index.renew({ ...registration, reader })))
      return open
    },

    register: (request) => records.register(request, endOfLife()),
    list: records.list,
    remove: records.remove,

    async removeConnection(connection, met = []) {
      // Without it nothing is registered any more, so what is on record then is all there is to remove.
      const meta = await connections.remove(connection)
      await records.removeAll(connection, met)
      if (meta === null) return
      const { principal, ends } = toOpenConnection(meta)
      const expires = ends / 1000
      await Promise.all([
        counter.add(expires, -1),
        principals.remove(principal.name, expires),
        open.remove({ connection, expires }),
      ])
    },

    countConnections: () => counter.count(now()),
    listConnections: open.list,
    matching: (patterns) => index.matching(patterns),
    markBehind: records.markBehind,
  }
}
