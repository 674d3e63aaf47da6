import { beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '#shared/core/access/principal.ts'
import { SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import type { Subscription, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

type Fixture = {
  readonly store: SubscriptionStore
  readonly other: SubscriptionStore
  /** An open connection of `ada`. */
  readonly c: string
  readonly channel: string
}

/** The contract for who a connection is of, and for the limits of connections. */
export function describeConnections(fixture: () => Fixture): void {
  let store: SubscriptionStore
  let other: SubscriptionStore
  let c: string
  let channel: string
  beforeEach(() => {
    ;({ store, other, c, channel } = fixture())
  })
  const readersOf = async (by = store) =>
    ((await by.matching([channel])).get(channel) ?? []).map(({ reader }) => reader)
  const subscribe = (id: string, by = store) =>
    by.register({ connection: c, id, attempt: 1, channels: [channel] })
  const results = async (all: readonly Promise<unknown>[]) =>
    (await Promise.allSettled(all)).map((one) => (one.status === 'fulfilled' ? 'done' : one.reason.code))

  describe('a subscription', () => {
    test('says for whom it is: with role, grants and the times of the credential', async () => {
      const grants = [{ actions: 'read', channels: 'port.**', types: '**' }]
      const principal = makePrincipal({ role: 'operator', grants, issued: 5, expires: 9e12 })
      await store.connect(`${c}-2`, principal)
      const given = await store.register({ connection: `${c}-2`, id: 's', attempt: 1, channels: [channel] })

      const [reader] = await readersOf(other)

      expect(reader).toMatchObject({ name: 'ada', role: 'operator', grants, issued: 5, expires: 9e12 })
      expect(given?.reader).toMatchObject({ role: 'operator', grants })
    })

    test('is not registered on a connection that is gone', async () => {
      await other.removeConnection(c)

      expect(await subscribe('s1')).toBeNull()
      expect(await readersOf()).toEqual([])
      expect(await store.list(c)).toEqual([])
    })
  })

  describe('a newer credential of a connection', () => {
    const newer: Principal = makePrincipal({ role: 'operator', issued: 10, expires: 9e12 })

    test('is given to all its subscriptions, those of before and of later', async () => {
      await subscribe('s1')
      await readersOf(other)

      expect(await store.renew(c, newer)).toMatchObject({ principal: newer })
      await subscribe('s2', other)

      const readers = await readersOf(other)
      expect(readers.map(({ role, issued }) => [role, issued])).toEqual([
        ['operator', 10],
        ['operator', 10],
      ])
      expect((await other.find(c))?.principal).toEqual(newer)
    })

    test('is kept if an older one comes later', async () => {
      await subscribe('s1')
      await store.renew(c, newer)

      expect(await other.renew(c, makePrincipal({ issued: 9 }))).toMatchObject({ principal: newer })
      expect(await readersOf()).toMatchObject([{ issued: 10 }])
    })

    test('is given to a subscription that is registered at the same time', async () => {
      for (let issued = 10; issued < 20; issued++) {
        const id = `s${issued}`
        await Promise.all([subscribe(id), other.renew(c, { ...newer, issued })])

        const rows = (await store.matching([channel])).get(channel) ?? []
        expect(rows.find((row: Subscription) => row.id === id)?.reader).toMatchObject({ issued })
      }
    })

    test('does not open a connection that is gone', async () => {
      await store.removeConnection(c)

      expect(await store.renew(c, newer)).toBeNull()
      expect(await store.find(c)).toBeNull()
    })
  })

  describe('the limits', () => {
    test(`are ${SUBSCRIPTION_LIMIT} subscriptions, also in a burst through several workers`, async () => {
      const ids = Array.from({ length: SUBSCRIPTION_LIMIT + 15 }, (_, index) => `s${index}`)

      const found = await results(ids.map((id, index) => subscribe(id, index % 2 ? store : other)))

      expect(found.filter((one) => one === 'done')).toHaveLength(SUBSCRIPTION_LIMIT)
      expect(found.filter((one) => one === 'too_large')).toHaveLength(15)
      expect(await store.list(c)).toHaveLength(SUBSCRIPTION_LIMIT)
      expect(await readersOf()).toHaveLength(SUBSCRIPTION_LIMIT)
    })

    test('let a subscription be replaced, and another one in after one was removed', async () => {
      for (let index = 0; index < SUBSCRIPTION_LIMIT; index++) await subscribe(`s${index}`)

      expect(await subscribe('s1')).not.toBeNull()
      await expect(subscribe('more')).rejects.toMatchObject({ code: 'too_large' })
      await other.remove(c, 's1')
      expect(await subscribe('more')).not.toBeNull()
      await expect(subscribe('s1')).rejects.toMatchObject({ code: 'too_large' })
      expect(await store.list(c)).toHaveLength(SUBSCRIPTION_LIMIT)
    })

    test('of connections of one principal hold in a burst, and are those of each principal', async () => {
      const bob = makePrincipal({ name: `bob-${c}` })
      const open = (index: number) => (index % 2 ? store : other).connect(`${c}-bob-${index}`, bob, 5)

      const opened = await Promise.all(Array.from({ length: 12 }, (_, index) => open(index)))

      expect(opened.filter(Boolean)).toHaveLength(5)
      expect(await store.connect(`${c}-eve`, makePrincipal({ name: `eve-${c}` }), 5)).toBe(true)
      const [first] = opened.flatMap((isOpen, index) => (isOpen ? [`${c}-bob-${index}`] : []))
      await store.removeConnection(String(first))
      await other.removeConnection(String(first))
      expect([await open(20), await open(21)]).toEqual([true, false])
      expect(await store.find(`${c}-bob-21`)).toBeNull()
    })

    test('hold while subscriptions come and go at once, and no place is lost by it', async () => {
      const ids = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}${n}`)
      await results(ids('first', SUBSCRIPTION_LIMIT).map((id) => subscribe(id)))

      await results([
        ...ids('second', 40).map((id, n) => subscribe(id, n % 2 ? store : other)),
        ...ids('first', 20).map((id, n) => (n % 2 ? store : other).remove(c, id)),
        ...ids('first', 10).map((id) => subscribe(id)),
      ])
      expect((await store.list(c)).length).toBeLessThanOrEqual(SUBSCRIPTION_LIMIT)
      expect((await readersOf()).length).toBeLessThanOrEqual(SUBSCRIPTION_LIMIT)

      await results(
        ids('third', SUBSCRIPTION_LIMIT + 20).map((id, n) => subscribe(id, n % 2 ? store : other)),
      )
      expect(await store.list(c)).toHaveLength(SUBSCRIPTION_LIMIT)
      expect(await readersOf()).toHaveLength(SUBSCRIPTION_LIMIT)
    })

    test('of connections hold while they open and close at once, and no place is lost by it', async () => {
      const bob = makePrincipal({ name: `bob-${c}` })
      const by = (n: number) => (n % 2 ? store : other)
      const openAll = (name: string, count: number) =>
        Promise.all(Array.from({ length: count }, (_, n) => by(n).connect(`${c}-${name}-${n}`, bob, 5)))
      await openAll('first', 5)

      const closing = Array.from({ length: 5 }, (_, n) =>
        [0, 1].map((twice) => by(n + twice).removeConnection(`${c}-first-${n}`)),
      )
      const [second] = await Promise.all([openAll('second', 20), ...closing.flat()])
      expect(second.filter(Boolean).length).toBeLessThanOrEqual(5)

      const third = await openAll('third', 20)
      expect([...second, ...third].filter(Boolean)).toHaveLength(5)
    })

    test('of messages are counted exactly, however many come at once', async () => {
      const counted = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 ? store : other).countMessage(c)),
      )

      // The span of ten seconds may end meanwhile.
      const counts = counted.map((open) => open?.messages ?? 0).sort((a, b) => a - b)
      const begins = counts.filter((count) => count === 1).length
      expect(begins === 1 ? counts : counts.slice(0, 2)).toEqual(
        begins === 1 ? Array.from({ length: 20 }, (_, index) => index + 1) : [1, 1],
      )
      expect(counted[0]?.principal.name).toBe('ada')
      await store.removeConnection(c)
      expect(await other.countMessage(c)).toBeNull()
    })
  })
}
