import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '#shared/core/access/principal.ts'
import type { TicketStore } from '#shared/pipeline/ports.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

const ADA: Principal = makePrincipal({ name: 'ada@example.com', role: 'operator' })

/** The contract of every TicketStore. `make` opens another instance on the same data, with the given clock. */
export function describeTicketStore(name: string, make: (now: () => number) => TicketStore): void {
  describe(`the TicketStore ${name}`, () => {
    const begin = Date.now()
    let time: number
    let hash: string
    const open = () => make(() => time)

    beforeEach(() => {
      time = begin
      hash = randomUUID()
    })

    test('returns a ticket to the first caller only', async () => {
      await open().put(hash, ADA, begin + 30_000)
      expect(await open().take(hash)).toEqual(ADA)
      expect(await open().take(hash)).toBeNull()
    })

    test('returns a ticket to one of 20 concurrent callers', async () => {
      await open().put(hash, ADA, begin + 30_000)
      const answers = await Promise.all(Array.from({ length: 20 }, () => open().take(hash)))
      expect(answers.filter((answer) => answer !== null)).toEqual([ADA])
    })

    test('returns null for an unknown ticket', async () => {
      await open().put(hash, ADA, begin + 30_000)
      expect(await open().take(randomUUID())).toBeNull()
    })

    test('returns a ticket until the millisecond at which it expires', async () => {
      const late = randomUUID()
      await open().put(hash, ADA, begin + 30_000)
      await open().put(late, ADA, begin + 30_000)
      time = begin + 29_999
      expect(await open().take(hash)).toEqual(ADA)
      time = begin + 30_000
      expect(await open().take(late)).toBeNull()
    })
  })
}
