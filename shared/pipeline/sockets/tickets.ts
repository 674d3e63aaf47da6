import { createHash, randomBytes } from 'node:crypto'
import type { Principal } from '#shared/core/principal.ts'
import type { TicketStore } from '#shared/pipeline/ports.ts'

/** Enough time to open a socket. */
const TICKET_SECONDS = 30

/**
 * Returns a ticket that opens one socket for this principal, and when it expires (RFC 3339). Others may see it in a
 * URL, but once used it is worthless. `now` is in milliseconds.
 */
export async function issueTicket(
  principal: Principal,
  { tickets, now }: { tickets: TicketStore; now: () => number },
): Promise<{ ticket: string; expires: string }> {
  const ticket = randomBytes(32).toString('base64url')
  const expires = now() + TICKET_SECONDS * 1000
  await tickets.put(hashOf(ticket), principal, expires)
  return { ticket, expires: new Date(expires).toISOString() }
}

/** Uses up a ticket and returns its principal; null if the ticket is unknown, was used or has expired. */
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
