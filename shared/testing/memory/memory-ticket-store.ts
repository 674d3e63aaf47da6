import type { Principal } from '#shared/core/access/principal.ts'
import type { TicketStore } from '#shared/pipeline/ports.ts'

/** A TicketStore in memory, for tests. `now` returns milliseconds. */
export function memoryTicketStore(now: () => number = Date.now): TicketStore {
  const tickets = new Map<string, { principal: Principal; expires: number }>()
  return {
    async put(hash, principal, expires) {
      tickets.set(hash, { principal, expires })
    },
    async take(hash) {
      const ticket = tickets.get(hash)
      tickets.delete(hash)
      return ticket && ticket.expires > now() ? ticket.principal : null
    },
  }
}
