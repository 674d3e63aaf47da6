import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { RevocationStore } from '#shared/pipeline/revocations.ts'

/** The contract of every RevocationStore. `make` opens another instance on the same data, with the given clock. */
export function describeRevocationStore(name: string, make: (now: () => number) => RevocationStore): void {
  describe(`the RevocationStore ${name}`, () => {
    const begin = Date.now()
    const END = begin + 3_600_000
    let time: number
    let user: string
    const open = () => make(() => time)

    beforeEach(() => {
      time = begin
      user = `${randomUUID()}@example.com`
    })

    test('knows nothing of a name that was never revoked', async () => {
      expect(await open().since(user)).toBeNull()
    })

    test('tells until when the credentials of a name are revoked, and of no other', async () => {
      await open().revoke(user, begin, END)

      expect(await open().since(user)).toBe(begin)
      expect(await open().since(`${user}x`)).toBeNull()
      expect((await open().current()).get(user)).toBe(begin)
    })

    test('shows its writer at once what it revoked', async () => {
      const store = open()
      expect(await store.since(user)).toBeNull()

      await store.revoke(user, begin, END)

      expect(await store.since(user)).toBe(begin)
    })

    test('shows every other reader what was revoked within 2 s', async () => {
      const reader = open()
      await reader.current()
      await open().revoke(user, begin, END)

      time += 2000

      expect(await reader.since(user)).toBe(begin)
    })

    test('keeps the latest time, whichever revocation comes last', async () => {
      await open().revoke(user, begin + 5, END)
      await open().revoke(user, begin, END)
      expect(await open().since(user)).toBe(begin + 5)

      await open().revoke(user, begin + 9, END)
      expect(await open().since(user)).toBe(begin + 9)
    })

    test('keeps every one of concurrent revocations', async () => {
      const names = Array.from({ length: 10 }, () => randomUUID())
      await Promise.all(
        [...names, user, user, user].map((one, index) => open().revoke(one, begin + index, END)),
      )

      const current = await open().current()
      expect(names.map((one) => current.get(one))).toEqual(names.map((_, index) => begin + index))
      expect(current.get(user)).toBe(begin + 12)
    })

    test('forgets a name when its last credential has ended, not before', async () => {
      await open().revoke(user, begin, END)
      await open().revoke(user, begin, begin + 10)
      const reader = open()

      time = END - 1
      expect(await reader.since(user)).toBe(begin)
      time = END + 2000
      expect(await reader.since(user)).toBeNull()
    })

    test('does not show what it returned before changed', async () => {
      const store = open()
      const before = await store.current()
      await store.revoke(user, begin, END)
      await store.current()

      expect(before.has(user)).toBe(false)
    })
  })
}
