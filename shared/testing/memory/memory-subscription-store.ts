import type { Principal } from '#shared/core/principal.ts'
import type { Subscription, SubscriptionStore } from '#shared/pipeline/ports.ts'

/** A SubscriptionStore in memory, for tests. `now` returns milliseconds. */
export function memorySubscriptionStore(
  yieldPoint: () => Promise<void> = async () => {},
  now: () => number = Date.now,
): SubscriptionStore {
  const principals = new Map<string, Principal>()
  const subscriptions = new Map<string, Subscription>()
  let last = 0
  const nextRegistration = () => {
    last = Math.max(now(), last + 1)
    return last
  }
  const keyOf = (connection: string, id: string) => JSON.stringify([connection, id])
  const ofConnection = (connection: string) =>
    [...subscriptions].filter(([, one]) => one.connection === connection)
  return {
    async connect(connection, principal) {
      await yieldPoint()
      principals.set(connection, principal)
    },
    async principalOf(connection) {
      await yieldPoint()
      return principals.get(connection) ?? null
    },
    async register(subscription) {
      await yieldPoint()
      const key = keyOf(subscription.connection, subscription.id)
      if ((subscriptions.get(key)?.attempt ?? 0) > subscription.attempt) return null
      const registered = { ...subscription, registration: nextRegistration(), behind: false }
      subscriptions.set(key, registered)
      return registered
    },
    async list(connection) {
      await yieldPoint()
      return ofConnection(connection).map(([, subscription]) => subscription)
    },
    async remove(connection, id) {
      await yieldPoint()
      subscriptions.delete(keyOf(connection, id))
    },
    async removeConnection(connection) {
      await yieldPoint()
      principals.delete(connection)
      for (const [key] of ofConnection(connection)) subscriptions.delete(key)
    },
    async countConnections() {
      await yieldPoint()
      return principals.size
    },
    async matching(patterns) {
      await yieldPoint()
      const found = patterns.map((pattern) => {
        const matching = [...subscriptions.values()].filter(({ channels }) => channels.includes(pattern))
        return [pattern, matching] as const
      })
      return new Map(found.filter(([, matching]) => matching.length > 0))
    },
    async markBehind({ connection, id, registration }) {
      await yieldPoint()
      const known = subscriptions.get(keyOf(connection, id))
      if (known?.registration === registration)
        subscriptions.set(keyOf(connection, id), { ...known, behind: true })
    },
  }
}
