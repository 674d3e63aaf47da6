import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Principal } from '#shared/core/role.ts'
import type { TicketStore } from '#shared/pipeline/ports.ts'

const ADA: Principal = { name: 'ada@example.com', role: 'operator' }

/** What every TicketStore must do. `make` opens further instances on the same data, with the clock that it is given. */
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

    test('gives a ticket to the first who takes it', async () => {
      await open().put(hash, ADA, begin + 30_000)
      expect(await open().take(hash)).toEqual(ADA)
      expect(await open().take(hash)).toBeNull()
    })

    test('has one taker when 20 ask at once', async () => {
      await open().put(hash, ADA, begin + 30_000)
      const answers = await Promise.all(Array.from({ length: 20 }, () => open().take(hash)))
      expect(answers.filter((answer) => answer !== null)).toEqual([ADA])
    })

    test('knows no ticket that was never put', async () => {
      await open().put(hash, ADA, begin + 30_000)
      expect(await open().take(randomUUID())).toBeNull()
    })

    test('gives a ticket until the millisecond that it expires at', async () => {
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
