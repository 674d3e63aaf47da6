import { priceNumber, priceUnits } from './money.ts'
import { isId, isSymbol } from './order.ts'
import { isWhole, MAX_VOLUME } from './read-tick.ts'
import type { Tick } from './series.ts'

export const ALERT_KINDS = ['price-above', 'price-below', 'volume-above'] as const
export type AlertKind = (typeof ALERT_KINDS)[number]

/** An alert as states hold it: the threshold in 1/10,000 for a price, as it is for a volume. */
export type Alert = {
  readonly alertId: string
  readonly symbol: string
  readonly kind: AlertKind
  readonly threshold: number
}

/** The alert that an event's data tells of; null where it is none. */
export function readAlert(data: Readonly<Record<string, unknown>>): Alert | null {
  const { alertId, symbol, threshold } = data
  const kind = ALERT_KINDS.find((name) => name === data.kind)
  if (!isId(alertId) || !isSymbol(symbol) || kind === undefined) return null
  if (kind === 'volume-above')
    return isWhole(threshold, 1, MAX_VOLUME) ? { alertId, symbol, kind, threshold } : null
  const units = priceUnits(threshold)
  return units === null ? null : { alertId, symbol, kind, threshold: units }
}

/** An alert as events and readers have it: the threshold in currency units, or shares. */
export function alertData(alert: Alert): Alert {
  const { threshold, kind } = alert
  return { ...alert, threshold: kind === 'volume-above' ? threshold : priceNumber(threshold) }
}

/** Whether a tick reaches the threshold of an alert: at it is enough. */
export function isReached({ kind, threshold }: Alert, { price, volume }: Tick): boolean {
  if (kind === 'volume-above') return volume >= threshold
  return kind === 'price-above' ? price >= threshold : price <= threshold
}
