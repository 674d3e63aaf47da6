import type { AlertKind } from '#shared/domain/market/alert.ts'
import { MAX_PRICE } from '#shared/domain/market/money.ts'
import { SYMBOL_PATTERN } from '#shared/domain/market/order.ts'
import { MAX_VOLUME } from '#shared/domain/market/read-tick.ts'
import type { AlertRecord } from '#shared/domain/market/user-alerts-view.ts'
import { readPrice, readWhole } from './check-order.ts'
import { sayPrice, sayQuantity } from './say-money.ts'

/** An alert as it is typed. */
export type AlertDraft = { readonly symbol: string; readonly kind: AlertKind; readonly threshold: string }

export const KIND_WORDS: { readonly [kind in AlertKind]: string } = {
  'price-above': 'Price at or above',
  'price-below': 'Price at or below',
  'volume-above': 'Volume of a trade at or above',
}

/** The threshold of an alert as it is typed; null where it is none. */
export function readThreshold({ kind, threshold }: AlertDraft): number | null {
  return kind === 'volume-above' ? readWhole(threshold, MAX_VOLUME) : readPrice(threshold)
}

/** What is wrong with an alert, field by field. */
export function checkAlert(draft: AlertDraft): { readonly symbol?: string; readonly threshold?: string } {
  const words =
    draft.kind === 'volume-above'
      ? `Enter a whole number of shares from 1 to ${MAX_VOLUME.toLocaleString('en')}.`
      : `Enter a price above 0 and up to ${MAX_PRICE.toLocaleString('en')}, with four decimals at most.`
  return {
    ...(!SYMBOL_PATTERN.test(draft.symbol) && { symbol: 'Choose what to watch.' }),
    ...(readThreshold(draft) === null && { threshold: words }),
  }
}

/** What an alert waits for: "Price at or above 105.00". */
export function sayCondition({ kind, threshold }: Pick<AlertRecord, 'kind' | 'threshold'>): string {
  return `${KIND_WORDS[kind]} ${kind === 'volume-above' ? sayQuantity(threshold) : sayPrice(threshold)}`
}

/** What triggered an alert: "ACME traded at 105.02". */
export function sayTrigger({ symbol, kind, price, volume }: AlertRecord): string {
  return kind === 'volume-above'
    ? `${sayQuantity(volume ?? 0)} ${symbol} were traded at once`
    : `${symbol} traded at ${sayPrice(price)}`
}
