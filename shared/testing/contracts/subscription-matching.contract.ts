import { beforeEach, describe, expect, test } from 'vitest'
import type { Subscription, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { registerOn } from '#shared/testing/sockets/register-on.ts'

/** The stores of two workers on the same data, a connection and a channel of one test, and functions to use them. */
export type SubscriptionFixture = {
  readonly store: SubscriptionStore
  readonly other: SubscriptionStore
  readonly c: string
  readonly channel: string
  readonly register: (
    id: string,
    attempt: number,
    channels: string[],
  ) => ReturnType<SubscriptionStore['register']>
  readonly found: (patterns: string[], by?: SubscriptionStore) => Promise<readonly Subscription[]>
  readonly idsUnder: (pattern: string, by?: SubscriptionStore) => Promise<string[]>
}

/** The contract for changes by another worker, for marks, and for many subscriptions. */
export function describeMatching(fixture: () => SubscriptionFixture): void {
  describe('a worker that has read before', () => {
    beforeEach(async () => {
      const { other, channel, register, found } = fixture()
      await register('s1', 1, [channel])
      await found([channel], other)
    })

    test('reads a new subscription of another worker', async () => {
      const { other, channel, register, idsUnder } = fixture()
      await register('s2', 1, [channel])
      expect(await idsUnder(channel, other)).toEqual(['s1', 's2'])
    })

    test('reads a removal by another worker', async () => {
      const { store, other, c, channel, idsUnder } = fixture()
      await store.remove(c, 's1')
      expect(await idsUnder(channel, other)).toEqual([])
    })

    test('reads a removed connection of another worker', async () => {
      const { store, other, c, channel, idsUnder } = fixture()
      await store.removeConnection(c)
      expect(await idsUnder(channel, other)).toEqual([])
    })

    test('reads a mark by another worker, also in the list', async () => {
      const { store, other, c, channel, found } = fixture()
      for (const one of await store.list(c)) await store.markBehind(one)

      expect(await found([channel], other)).toMatchObject([{ id: 's1', behind: true }])
      expect(await other.list(c)).toMatchObject([{ behind: true }])
    })

    test('reads a subscription that resumed as not behind', async () => {
      const { store, other, c, channel, register, found } = fixture()
      for (const one of await store.list(c)) await store.markBehind(one)
      await register('s1', 2, [channel])

      expect(await found([channel], other)).toMatchObject([{ attempt: 2, behind: false }])
      expect(await other.list(c)).toMatchObject([{ behind: false }])
    })
  })

  test.each([
    ['newer', 2],
    ['equal', 1],
  ])('ignores the mark of a registration that a %s attempt replaced', async (_, attempt) => {
    const { store, other, c, channel, register, found } = fixture()
    const replaced = await register('s1', 1, [channel])
    await register('s1', attempt, [channel])

    if (replaced) await other.markBehind(replaced)

    expect(await found([channel])).toMatchObject([{ behind: false }])
    expect(await store.list(c)).toMatchObject([{ behind: false }])
  })

  test('ignores the mark of a subscription that was removed', async () => {
    const { store, c, channel, register, found } = fixture()
    const removed = await register('s1', 1, [channel])
    await store.remove(c, 's1')

    if (removed) await store.markBehind(removed)

    expect(await found([channel])).toEqual([])
  })

  test('finds each of 300 subscriptions under one pattern', async () => {
    const { store, other, c, channel, found } = fixture()
    const connections = Array.from({ length: 300 }, (_, index) => `${c}-${index}`)
    await Promise.all(
      connections.map((connection) =>
        registerOn(store, { connection, id: 's1', attempt: 1, channels: [channel] }),
      ),
    )

    const all = await found([channel], other)

    expect(new Set(all.map(({ connection }) => connection))).toEqual(new Set(connections))
    expect(all).toHaveLength(300)
  })

  test('looks up more patterns than fit in one batch read', async () => {
    const { store, channel, register } = fixture()
    await register('s1', 1, [channel])
    const patterns = [...Array.from({ length: 150 }, (_, index) => `${channel}.${index}`), channel]

    expect([...(await store.matching(patterns)).keys()]).toEqual([channel])
  })
}
