import { userChannel } from '#shared/domain/market/market-channels.ts'
import type { Deed } from '#web/live/rights.ts'

type Asked =
  | 'market.order.placed'
  | 'market.order.cancel-requested'
  | 'market.alert.created'
  | 'market.alert.deleted'

/** What users ask of the market, each in their own name. */
export function ownDeed(user: string, type: Asked): Deed {
  return { publish: type, on: userChannel(user) }
}
