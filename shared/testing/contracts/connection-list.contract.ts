import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ConnectionQuery, ListedConnection, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

/** The contract of `listConnections`. Other tests may have opened connections in the same store. */
export function describeConnectionList(
  fixture: () => { readonly store: SubscriptionStore; readonly other: SubscriptionStore },
): void {
  let store: SubscriptionStore
  let other: SubscriptionStore
  let who: string
  beforeEach(() => {
    ;({ store, other } = fixture())
    who = `lister-${randomUUID()}`
  })
  const open = (id: string, by = store, address?: string) =>
    by.connect(`${who}-${id}`, makePrincipal({ name: who }), 1000, address)
  const listAll = async (query: Omit<ConnectionQuery, 'limit'>, limit = 100): Promise<ListedConnection[]> => {
    const found: ListedConnection[] = []
    let next: string | null | undefined
    do {
      const page = await other.listConnections({ ...query, limit, ...(next && { next }) })
      expect(page.connections.length).toBeLessThanOrEqual(limit)
      found.push(...page.connections)
      next = page.next
    } while (next !== null)
    return found
  }
  const idsOf = (all: readonly ListedConnection[]) =>
    all.map(({ connection }) => connection.slice(who.length + 1)).sort()

  describe('a list of connections', () => {
    test('says who opened each, when, from where and until when', async () => {
      const before = Date.now()
      await open('a', store, '192.0.2.7')

      const [found] = await listAll({ principal: who })

      expect(found).toMatchObject({
        connection: `${who}-a`,
        principal: { name: who, role: 'viewer' },
        address: '192.0.2.7',
        subscriptions: [],
      })
      expect(found?.connected).toBeGreaterThan(before - 2000)
      expect(found?.connected).toBeLessThanOrEqual(Date.now())
      expect(found?.ends).toBeGreaterThan(before + 7_200_000)
    })

    test('has the subscriptions of each, with their channels, filters and since when they are behind', async () => {
      const before = Date.now()
      await open('a')
      const filter = { severity: ['critical'] }
      const connection = `${who}-a`
      await store.register({ connection, id: 's1', attempt: 1, channels: ['t.a', 't.b.*'], filter })
      const behind = await store.register({ connection, id: 's2', attempt: 1, channels: ['t.c'] })
      await store.register({ connection, id: 's3', attempt: 1, channels: ['t.d'] })
      await store.remove(connection, 's3')
      if (behind) await other.markBehind(behind)

      const [found] = await listAll({ principal: who })

      const [one, two] = [...(found?.subscriptions ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1))
      expect(found?.subscriptions).toHaveLength(2)
      expect(one).toEqual({ id: 's1', channels: ['t.a', 't.b.*'], filter, behindSince: null })
      expect(two).toMatchObject({ id: 's2', channels: ['t.c'] })
      expect(two?.behindSince).toBeGreaterThanOrEqual(before)
    })

    test('says since when a subscription is behind from the first frame that it missed, until it resumes', async () => {
      await open('a')
      const request = { connection: `${who}-a`, id: 's', channels: ['t.a'] }
      const since = async () => (await listAll({ principal: who }))[0]?.subscriptions[0]?.behindSince
      const first = await store.register({ ...request, attempt: 1 })
      if (first) await store.markBehind(first)
      const marked = await since()
      if (first) await other.markBehind(first)

      expect(marked).toEqual(expect.any(Number))
      expect(await since()).toBe(marked)
      await store.register({ ...request, attempt: 2 })
      expect(await since()).toBeNull()
    })

    test('has every connection once, whatever the size of its pages', async () => {
      const ids = Array.from({ length: 23 }, (_, n) => String(n).padStart(2, '0'))
      for (const id of ids) await open(id)

      for (const limit of [1, 5, 23, 100])
        expect(idsOf(await listAll({ principal: who }, limit))).toEqual(ids)
    })

    test('goes on where it was, however many are opened and closed meanwhile', async () => {
      for (const id of ['0', '1', '2', '3', '4', '5']) await open(id)
      const first = await store.listConnections({ principal: who, limit: 2 })
      await open('6')
      for (const { connection } of first.connections) await other.removeConnection(connection)

      const rest = await store.listConnections({ principal: who, limit: 10, next: first.next ?? '' })

      const listed = [...first.connections, ...rest.connections]
      expect(new Set(idsOf(listed))).toEqual(new Set(['0', '1', '2', '3', '4', '5']))
    })

    test('is that of a principal, or of those with a text in their id, name or address', async () => {
      await open('one', store, '192.0.2.1')
      await open('Two', store, '198.51.100.2')
      await store.connect(`${who}-other`, makePrincipal({ name: `${who}-else` }))

      expect(idsOf(await listAll({ principal: who }))).toEqual(['Two', 'one'])
      expect(idsOf(await listAll({ principal: who, text: 'tWO' }))).toEqual(['Two'])
      expect(idsOf(await listAll({ principal: who, text: '192.0' }))).toEqual(['one'])
      expect(idsOf(await listAll({ text: `${who}-ELSE` }))).toEqual(['other'])
      expect(await listAll({ principal: `${who}-nobody` })).toEqual([])
    })

    test('has none that was removed', async () => {
      await open('a')
      await open('b')
      await other.removeConnection(`${who}-a`)

      expect(idsOf(await listAll({ principal: who }))).toEqual(['b'])
    })

    test('ends soon for a place in the future, and for one long past', async () => {
      await open('a')
      const idsAfter = async (next: string) =>
        idsOf((await store.listConnections({ principal: who, limit: 5, next })).connections)

      expect(await idsAfter('c9999999999.YQ')).toEqual(['a'])
      expect(await idsAfter('c1000000000.YQ')).toEqual([])
    })

    test('refuses a place that no page had', async () => {
      await expect(store.listConnections({ limit: 5, next: 'nonsense' })).rejects.toMatchObject({
        code: 'malformed',
      })
    })
  })
}
