import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Subscription, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'
import { describeConnectionList } from './connection-list.contract.ts'
import { describeConnections } from './subscription-connections.contract.ts'
import { describeMatching } from './subscription-matching.contract.ts'

/** Opens the store of a worker on the shared data. Each call is another worker. */
export type MakeSubscriptionStore = () => SubscriptionStore

const PRINCIPAL = makePrincipal({ name: 'ada', role: 'viewer' })

/** The contract of every SubscriptionStore. `make` opens another instance on the same data. */
export function describeSubscriptionStore(name: string, make: MakeSubscriptionStore): void {
  describe(`the SubscriptionStore ${name}`, () => {
    let store: SubscriptionStore
    let other: SubscriptionStore
    let c: string
    let channel: string

    beforeEach(async () => {
      store = make()
      other = make()
      c = `c-${randomUUID()}`
      channel = `test.${randomUUID()}`
      await store.connect(c, PRINCIPAL)
    })

    const register = (id: string, attempt: number, channels: string[], by = store) =>
      by.register({ connection: c, id, attempt, channels })
    const found = async (patterns: string[], by = store): Promise<readonly Subscription[]> => {
      const matching = await by.matching(patterns)
      return patterns.flatMap((pattern) => matching.get(pattern) ?? [])
    }
    const idsUnder = async (pattern: string, by = store) =>
      (await found([pattern], by)).map(({ id }) => id).sort()

    test('counts the open connections', async () => {
      const before = await make().countConnections()
      for (const one of ['1', '2', '3']) await store.connect(`${c}-${one}`, PRINCIPAL)
      await registerOn(store, { connection: `${c}-1`, id: 's1', attempt: 1, channels: [channel] })
      await other.removeConnection(`${c}-2`)
      expect(await make().countConnections()).toBe(before + 2)
    })

    test('counts a connection once that is removed several times, and at the same time', async () => {
      const before = await make().countConnections()
      await Promise.all([store.connect(`${c}-1`, PRINCIPAL), store.connect(`${c}-2`, PRINCIPAL)])
      await Promise.all([store.removeConnection(`${c}-1`), other.removeConnection(`${c}-1`)])
      await store.removeConnection(`${c}-1`)
      await store.removeConnection(`${c}-unknown`)
      expect(await make().countConnections()).toBe(before + 1)
    })

    test('returns the principal of a connection until it is removed', async () => {
      expect(await store.find(`${c}-1`)).toBeNull()
      expect(await other.find(c)).toMatchObject({ principal: PRINCIPAL })
      await other.removeConnection(c)
      expect(await store.find(c)).toBeNull()
    })

    test('finds a registered subscription by each of its patterns and keeps its filter', async () => {
      const filter = { severity: ['critical'], type: ['a.*'] }
      await store.register({
        connection: c,
        id: 's1',
        attempt: 3,
        channels: [channel, `${channel}.*`, `${channel}.**`],
        filter,
      })

      for (const pattern of [channel, `${channel}.*`, `${channel}.**`])
        expect(await found([pattern])).toMatchObject([
          { connection: c, id: 's1', attempt: 3, filter, behind: false },
        ])
      expect(await store.matching([`${channel}.other`, '*'])).toEqual(new Map())
      expect(await store.list(c)).toMatchObject([{ id: 's1', attempt: 3, filter, behind: false }])
    })

    test('stores a pattern once if it is given twice', async () => {
      await register('s1', 1, [channel, channel])

      expect(await idsUnder(channel)).toEqual(['s1'])
    })

    test('replaces a subscription, and no longer finds it under its old patterns', async () => {
      await register('s1', 1, [channel, `${channel}.old`])
      await register('s1', 2, [channel, `${channel}.new`], other)

      expect(await idsUnder(`${channel}.old`)).toEqual([])
      expect(await idsUnder(`${channel}.new`)).toEqual(['s1'])
      expect(await found([channel])).toMatchObject([{ attempt: 2 }])
      expect(await store.list(c)).toHaveLength(1)
    })

    test('refuses an older attempt and keeps the newer one', async () => {
      await register('s1', 2, [channel])

      expect(await register('s1', 1, [`${channel}.old`], other)).toBeNull()

      expect(await idsUnder(`${channel}.old`)).toEqual([])
      expect(await found([channel])).toMatchObject([{ attempt: 2 }])
    })

    test('treats an equal attempt as newer, because some clients do not count attempts', async () => {
      const first = await register('s1', 1, [`${channel}.old`])
      const second = await register('s1', 1, [channel], other)

      expect(second?.registration).toBeGreaterThan(first?.registration ?? Number.POSITIVE_INFINITY)
      expect(await idsUnder(`${channel}.old`)).toEqual([])
      expect(await idsUnder(channel)).toEqual(['s1'])
    })

    test('numbers registrations by their time, so that those before a topic was created again can be found', async () => {
      const before = Date.now()
      const ref = await register('s1', 1, [channel])

      expect(ref?.registration).toBeGreaterThanOrEqual(before)
      expect(ref?.registration).toBeLessThan(Date.now() + 1000)
    })

    test('keeps one of two concurrent attempts completely', async () => {
      for (let round = 0; round < 10; round++) {
        const id = `s${round}`
        await Promise.all([
          register(id, 1, [channel, `${channel}.a${round}`]),
          register(id, 2, [channel, `${channel}.b${round}`], other),
        ])

        expect(await idsUnder(`${channel}.a${round}`)).toEqual([])
        expect(await idsUnder(`${channel}.b${round}`)).toEqual([id])
        expect((await found([channel])).find((one) => one.id === id)).toMatchObject({ attempt: 2 })
      }
    })

    test('lists and removes subscriptions one by one', async () => {
      await register('s1', 1, [channel])
      await register('s2', 1, [channel])

      await store.remove(c, 's1')
      await store.remove(c, 'unknown')

      expect(await idsUnder(channel)).toEqual(['s2'])
      expect((await store.list(c)).map(({ id }) => id)).toEqual(['s2'])
    })

    test('registers again after it was removed, with any attempt', async () => {
      await register('s1', 5, [channel])
      await store.remove(c, 's1')

      expect(await register('s1', 1, [channel], other)).not.toBeNull()

      expect(await found([channel])).toMatchObject([{ attempt: 1 }])
    })

    test('keeps a newer registration if the older one is removed at the same time', async () => {
      for (let round = 0; round < 10; round++) {
        const id = `s${round}`
        await register(id, 1, [channel])
        await Promise.all([store.remove(c, id), register(id, 2, [channel], other)])

        const listed = (await store.list(c)).some((one) => one.id === id)
        expect((await idsUnder(channel)).includes(id), 'rows and record agree').toBe(listed)
        expect((await idsUnder(channel, other)).includes(id)).toBe(listed)
      }
    })

    test('removes a connection with all its subscriptions, and no other', async () => {
      await register('s1', 1, [channel])
      await register('s2', 1, [`${channel}.*`])
      const neighbour = `n-${randomUUID()}`
      await registerOn(store, { connection: neighbour, id: 's1', attempt: 1, channels: [channel] })

      await other.removeConnection(c)

      expect(await store.list(c)).toEqual([])
      expect((await found([channel, `${channel}.*`])).map(({ connection }) => connection)).toEqual([
        neighbour,
      ])
    })

    test('removes the subscriptions that the caller found of a connection that is no longer stored', async () => {
      await register('s1', 1, [channel])
      const met = await found([channel])
      await other.removeConnection(c)

      await store.removeConnection(c, met)

      expect(await idsUnder(channel)).toEqual([])
    })

    describeConnectionList(() => ({ store, other }))
    describeConnections(() => ({ store, other, c, channel }))
    describeMatching(() => ({ store, other, c, channel, register, found, idsUnder }))
  })
}
