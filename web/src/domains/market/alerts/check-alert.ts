import type { AlertKind, AlertRecord } from '#shared/domain/market/alert-views.ts'
import { SYMBOL_PATTERN } from '#shared/domain/market/market-channels.ts'
import { MAX_VOLUME } from '#shared/domain/market/series.ts'
import { PRICE_WANTED, readPrice, readWhole, sayPrice, sayQuantity } from '../money-text.ts'

/** An alert as it is typed. */
export type AlertDraft = { readonly symbol: string; readonly kind: AlertKind; readonly threshold: string }

export const KIND_WORDS: { readonly [kind in AlertKind]: string } = {
  'price-above': 'Price at or above',
  'price-below': 'Price at or below',
  'volume-above': 'Volume of a trade at or above',
}

/** Reads the threshold of an alert as it is typed. Returns null if it is not valid. */
export function readThreshold({ kind, threshold }: AlertDraft): number | null {
  return kind === 'volume-above' ? readWhole(threshold, MAX_VOLUME) : readPrice(threshold)
}

/** Returns what is wrong with an alert, by field; an empty object for a valid one. */
export function checkAlert(draft: AlertDraft): { readonly symbol?: string; readonly threshold?: string } {
  const words =
    draft.kind === 'volume-above'
      ? `Enter a whole number of shares from 1 to ${MAX_VOLUME.toLocaleString('en')}.`
      : PRICE_WANTED
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
