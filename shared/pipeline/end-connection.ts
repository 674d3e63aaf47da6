import type { ErrorFrame } from '#shared/core/messages.ts'
import type { SocketGateway, Subscription, SubscriptionStore } from './ports.ts'

export const EXPIRED: ErrorFrame = {
  type: 'error',
  code: 'expired',
  detail: 'The connection has expired, or its credentials have ended; connect again.',
}

type EndDeps = {
  readonly subscriptions: Pick<SubscriptionStore, 'removeConnection'>
  readonly gateway: SocketGateway
}

/**
 * Ends a connection: nothing is pushed to it any more, then it is told why, and closed. `deadline` is a time of
 * `performance.now()`, `met` what was found of its subscriptions. Throws what the store and the gateway throw.
 */
export async function endConnection(
  connection: string,
  reason: ErrorFrame,
  deadline: number,
  { subscriptions, gateway, met = [] }: EndDeps & { readonly met?: readonly Subscription[] },
): Promise<void> {
  await subscriptions.removeConnection(connection, met)
  await gateway.post(connection, JSON.stringify(reason), deadline)
  await gateway.close(connection)
}
