import { SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type {
  ConnectionPage,
  ConnectionQuery,
  ListedConnection,
  OpenConnection,
  Reader,
  Subscription,
  SubscriptionStore,
} from '#shared/pipeline/ports.ts'

const LIFETIME_MS = 7_800_000
const SPAN_MS = 10_000

type Open = OpenConnection & {
  readonly span: number
  readonly messages: number
  readonly address: string | undefined
}

/** A SubscriptionStore in memory, for tests. `now` returns milliseconds. */
export function memorySubscriptionStore(
  yieldPoint: () => Promise<void> = async () => {},
  now: () => number = Date.now,
): SubscriptionStore {
  const connections = new Map<string, Open>()
  const subscriptions = new Map<string, Omit<Subscription, 'reader'>>()
  const behindSince = new Map<string, number>()
  let last = 0
  const nextRegistration = () => {
    last = Math.max(now(), last + 1)
    return last
  }
  const keyOf = (connection: string, id: string) => JSON.stringify([connection, id])
  const ofConnection = (connection: string) =>
    [...subscriptions].filter(([, one]) => one.connection === connection)
  const withReader = (one: Omit<Subscription, 'reader'>): Subscription => ({
    ...one,
    reader: connections.get(one.connection)?.principal as Reader,
  })
  const openOf = ({ principal, ends }: Open) => ({ principal, ends })
  const toListed = ([connection, open]: readonly [string, Open]): ListedConnection => ({
    ...openOf(open),
    connection,
    connected: open.ends - LIFETIME_MS,
    ...(open.address !== undefined && { address: open.address }),
    subscriptions: ofConnection(connection).map(([key, { id, channels, filter, behind }]) => ({
      id,
      channels,
      ...(filter && { filter }),
      behindSince: behind ? (behindSince.get(key) ?? 0) : null,
    })),
  })
  return {
    async connect(connection, principal, atMost = Number.MAX_SAFE_INTEGER, address = undefined) {
      await yieldPoint()
      const own = [...connections.values()].filter((open) => open.principal.name === principal.name)
      if (own.length >= atMost) return false
      connections.set(connection, { principal, ends: now() + LIFETIME_MS, span: 0, messages: 0, address })
      return true
    },
    async find(connection) {
      await yieldPoint()
      const open = connections.get(connection)
      return open ? openOf(open) : null
    },
    async countMessage(connection) {
      await yieldPoint()
      const open = connections.get(connection)
      if (open === undefined) return null
      const span = Math.floor(now() / SPAN_MS)
      const messages = 1 + (open.span === span ? open.messages : 0)
      connections.set(connection, { ...open, span, messages })
      return { ...openOf(open), messages }
    },
    async renew(connection, principal) {
      await yieldPoint()
      const open = connections.get(connection)
      if (open === undefined) return null
      const isNewer = open.principal.issued <= principal.issued
      const renewed = { ...open, principal: isNewer ? principal : open.principal }
      connections.set(connection, renewed)
      return openOf(renewed)
    },
    async register(request) {
      await yieldPoint()
      const { connection, id } = request
      const key = keyOf(connection, id)
      if (!connections.has(connection)) return null
      if ((subscriptions.get(key)?.attempt ?? 0) > request.attempt) return null
      if (!subscriptions.has(key) && ofConnection(connection).length >= SUBSCRIPTION_LIMIT)
        throw new Refusal('too_large', 'A connection holds at most 50 subscriptions; unsubscribe one first.')
      const registered = { ...request, registration: nextRegistration(), behind: false }
      subscriptions.set(key, registered)
      return withReader(registered)
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
      connections.delete(connection)
      for (const [key] of ofConnection(connection)) subscriptions.delete(key)
    },
    async countConnections() {
      await yieldPoint()
      return connections.size
    },
    async listConnections(query) {
      await yieldPoint()
      return pageOf([...connections].map(toListed), query)
    },
    async matching(patterns) {
      await yieldPoint()
      const found = patterns.map((pattern) => {
        const matching = [...subscriptions.values()].filter(({ channels }) => channels.includes(pattern))
        return [pattern, matching.map(withReader)] as const
      })
      return new Map(found.filter(([, matching]) => matching.length > 0))
    },
    async markBehind({ connection, id, registration }) {
      await yieldPoint()
      const known = subscriptions.get(keyOf(connection, id))
      if (known?.registration !== registration || known.behind) return
      subscriptions.set(keyOf(connection, id), { ...known, behind: true })
      behindSince.set(keyOf(connection, id), now())
    },
  }
}

function pageOf(
  all: readonly ListedConnection[],
  { limit, principal, text = '', next }: ConnectionQuery,
): ConnectionPage {
  const [, second, name = ''] = /^c(\d{10})\.([\w-]+)$/.exec(next ?? '') ?? []
  if (next !== undefined && second === undefined)
    throw new Refusal(
      'malformed',
      '"next" is not one that a page of connections had; leave it out to begin again.',
    )
  const before = `${second}#${Buffer.from(name, 'base64url')}`
  const secondOf = ({ ends }: ListedConnection) => Math.floor(ends / 1000)
  const positionOf = (one: ListedConnection) => `${secondOf(one)}#${one.connection}`
  const nextOf = (one: ListedConnection) =>
    `c${secondOf(one)}.${Buffer.from(one.connection).toString('base64url')}`
  const textOf = ({ connection, principal: { name }, address }: ListedConnection) =>
    `${connection} ${name} ${address}`.toLowerCase()
  const wanted = all
    .filter((one) => next === undefined || positionOf(one) < before)
    .filter((one) => principal === undefined || one.principal.name === principal)
    .filter((one) => textOf(one).includes(text.toLowerCase()))
    .sort((a, b) => (positionOf(a) < positionOf(b) ? 1 : -1))
  const connections = wanted.slice(0, limit)
  const last = connections.at(-1)
  return { connections, next: wanted.length > limit && last ? nextOf(last) : null }
}
