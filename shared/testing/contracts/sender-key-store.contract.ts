import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type SenderKeyStore, WANTED_AT_ONCE, WANTED_FOR_MS } from '#shared/pipeline/sender-key-store.ts'

/** The contract of every SenderKeyStore. `make` opens another instance on the same data. */
export function describeSenderKeyStore(name: string, make: () => SenderKeyStore): void {
  describe(`the SenderKeyStore ${name}`, () => {
    const AT = 1_795_248_000_000
    let address: string
    beforeEach(() => {
      address = `https://keys.example.com/${randomUUID()}.pem`
    })
    afterEach(async () => {
      for (const wanted of await make().wanted()) await make().settle(wanted)
    })

    test('has nothing of an address that was never copied', async () => {
      await make().save(`${address}.old`, { text: 'a', copied: 1 })

      expect(await make().find(address)).toBeNull()
    })

    test('returns the last copy, and keeps a newer one when an older one comes late', async () => {
      await make().save(address, { text: 'a', copied: 1 })
      await make().save(address, { text: 'c', copied: 3 })
      await make().save(address, { text: 'b', copied: 2 })

      expect(await make().find(address)).toEqual({ text: 'c', copied: 3 })
    })

    test('notes what is wanted until it is settled, once for each address of a minute', async () => {
      expect(await make().want({ address, at: AT })).toBe(true)
      expect(await make().want({ address, at: AT + 1 })).toBe(true)
      expect(await make().wanted()).toEqual([{ address, at: AT + 1 }])

      await make().settle({ address, at: AT })
      expect(await make().wanted()).toHaveLength(1)
      await make().settle({ address, at: AT + 1 })
      expect(await make().wanted()).toEqual([])
    })

    test('notes a bounded number, whatever is asked for, and forgets what nobody settles', async () => {
      const many = Array.from({ length: WANTED_AT_ONCE * 4 }, (_, index) => `${address}?${index}`)
      const noted = await Promise.all(many.map((each) => make().want({ address: each, at: AT })))
      const wanted = await make().wanted()

      expect(wanted.length).toBeLessThanOrEqual(WANTED_AT_ONCE)
      expect(noted.filter((isNoted) => isNoted)).toHaveLength(wanted.length)
      expect(noted).toContain(false)
      expect(await make().want({ address, at: AT + WANTED_FOR_MS + 60_000 })).toBe(true)
    })
  })
}
