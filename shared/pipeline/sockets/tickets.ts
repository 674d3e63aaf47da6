import { createHash, randomBytes } from 'node:crypto'
import type { Principal } from '#shared/core/role.ts'
import type { TicketStore } from '#shared/pipeline/ports.ts'

/** How long a ticket may be used: enough to open a socket with it, once. */
const TICKET_SECONDS = 30

/** Makes a ticket that opens one socket for this principal: in a URL it may be seen, afterwards it is worth nothing. */
export async function issueTicket(
  principal: Principal,
  { tickets, now }: { tickets: TicketStore; now: () => number },
): Promise<{ ticket: string; expires: string }> {
  const ticket = randomBytes(32).toString('base64url')
  const expires = now() + TICKET_SECONDS * 1000
  await tickets.put(hashOf(ticket), principal, expires)
  return { ticket, expires: new Date(expires).toISOString() }
}

/** Uses a ticket up; null if it is none, was used or has expired. */
export function redeemTicket(
  ticket: string,
  { tickets }: { tickets: TicketStore },
): Promise<Principal | null> {
  return tickets.take(hashOf(ticket))
}

/** A ticket has 256 random bits, so a plain hash cannot be guessed back. */
function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64url')
}
