import { expect, test } from 'vitest'
import type { Principal } from '#shared/core/access/principal.ts'
import type { TicketStore } from '#shared/pipeline/ports.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { issueTicket, redeemTicket } from './tickets.ts'

const ADA: Principal = makePrincipal({ name: 'ada@example.com', role: 'viewer' })

function recordingStore() {
  const puts: { hash: string; principal: Principal; expires: number }[] = []
  const tickets: TicketStore = {
    put: async (hash, principal, expires) => void puts.push({ hash, principal, expires }),
    take: async (hash) => puts.find((put) => put.hash === hash)?.principal ?? null,
  }
  return { puts, tickets }
}

test('a ticket is valid for 30 seconds and only its hash is stored', async () => {
  const { puts, tickets } = recordingStore()

  const { ticket, expires } = await issueTicket(ADA, { tickets, now: () => 1_700_000_000_000 })

  expect(ticket).toMatch(/^[\w-]{43}$/)
  expect(expires).toBe('2023-11-14T22:13:50.000Z')
  expect(puts).toEqual([{ hash: expect.any(String), principal: ADA, expires: 1_700_000_030_000 }])
  expect(JSON.stringify(puts)).not.toContain(ticket)
})

test('a ticket never lasts longer than its credential, and says when that ends', async () => {
  const { puts, tickets } = recordingStore()
  const now = () => 1_700_000_000_000
  const soon = { ...ADA, expires: now() + 5000 }

  const { expires, credentialExpires } = await issueTicket(soon, { tickets, now })

  expect([expires, credentialExpires]).toEqual(['2023-11-14T22:13:25.000Z', '2023-11-14T22:13:25.000Z'])
  expect(puts).toMatchObject([{ principal: soon, expires: now() + 5000 }])
  await expect(issueTicket({ ...ADA, expires: now() }, { tickets, now })).rejects.toMatchObject({
    code: 'unauthenticated',
  })
})

test('a ticket is redeemed by its text only, and no two tickets are equal', async () => {
  const { puts, tickets } = recordingStore()
  const deps = { tickets, now: () => 0 }
  const [one, other] = [await issueTicket(ADA, deps), await issueTicket({ ...ADA, name: 'bob' }, deps)]

  expect(await redeemTicket(one.ticket, { tickets })).toEqual(ADA)
  expect(await redeemTicket(other.ticket, { tickets })).toMatchObject({ name: 'bob' })
  expect(await redeemTicket(puts[0]?.hash ?? '', { tickets })).toBeNull()
})
