import { createHash, randomBytes } from 'node:crypto'
import type { Principal } from '#shared/core/access/principal.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { TicketStore } from '#shared/pipeline/ports.ts'

/** Enough time to open a socket. */
const TICKET_SECONDS = 30

/** A ticket, when it expires, and when the credential does that the socket will have (RFC 3339), if it does. */
export type Ticket = {
  readonly ticket: string
  readonly expires: string
  readonly credentialExpires?: string
}

/**
 * Returns a ticket that opens one socket for this principal. Others may see it in a URL, but once used it is worthless. It
 * never lasts longer than its credential, which the socket has in turn. `now` is in milliseconds. Throws Refusal
 * `unauthenticated` if the credential has expired.
 */
export async function issueTicket(
  principal: Principal,
  { tickets, now }: { tickets: TicketStore; now: () => number },
): Promise<Ticket> {
  const ticket = randomBytes(32).toString('base64url')
  const time = now()
  // Tokens are accepted a little longer over HTTP, because the clock of their issuer may differ.
  if (principal.expires !== undefined && principal.expires <= time)
    throw new Refusal('unauthenticated', 'These credentials have expired; sign in again or refresh them.')
  const expires = Math.min(time + TICKET_SECONDS * 1000, principal.expires ?? Number.POSITIVE_INFINITY)
  await tickets.put(hashOf(ticket), principal, expires)
  const credentialExpires = principal.expires && new Date(principal.expires).toISOString()
  return {
    ticket,
    expires: new Date(expires).toISOString(),
    ...(credentialExpires && { credentialExpires }),
  }
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
