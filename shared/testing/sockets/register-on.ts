import type { Principal } from '#shared/core/access/principal.ts'
import type { Subscription, SubscriptionRequest, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

/** Registers a subscription on its connection, which is opened first if there is none. */
export async function registerOn(
  store: SubscriptionStore | undefined,
  request: SubscriptionRequest,
  principal: Principal = makePrincipal(),
): Promise<Subscription | null> {
  if (store === undefined) throw new Error('there is no such store')
  if ((await store.find(request.connection)) === null) await store.connect(request.connection, principal)
  return store.register(request)
}
