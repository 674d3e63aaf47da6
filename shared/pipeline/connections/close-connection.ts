import type { ErrorFrame } from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { endConnection } from '#shared/pipeline/end-connection.ts'
import type { OpenConnection, SocketGateway, SubscriptionStore } from '#shared/pipeline/ports.ts'

const CLOSED: ErrorFrame = {
  type: 'error',
  code: 'closed',
  detail: 'An operator closed this connection; connect again.',
}

/** How long the notice may take, in milliseconds. The connection is closed in any case. */
const NOTICE_PATIENCE_MS = 2000

type CloseDeps = {
  readonly subscriptions: Pick<SubscriptionStore, 'find' | 'removeConnection'>
  readonly gateway: SocketGateway
}

/**
 * Closes a connection, which is told why. Its subscriptions are removed first, so nothing is pushed to it any more. Returns
 * what it was. Throws Refusal `not_found` if there is none, and what the store and the gateway throw.
 */
export async function closeConnection(
  connection: string,
  { subscriptions, gateway }: CloseDeps,
): Promise<OpenConnection> {
  const open = await subscriptions.find(connection)
  if (open === null)
    throw new Refusal('not_found', 'There is no open connection with this id; it may have closed meanwhile.')
  const deadline = performance.now() + NOTICE_PATIENCE_MS
  await endConnection(connection, CLOSED, deadline, { subscriptions, gateway })
  return open
}
