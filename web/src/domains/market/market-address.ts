import { SYMBOL_PATTERN } from '#shared/domain/market/order.ts'
import { INTERVALS, type Interval } from '#shared/domain/market/series.ts'

/** The tabs, in their order; the first is shown where the address names none. */
export const TABS = [
  ['dashboard', 'Dashboard'],
  ['trading', 'Trading'],
  ['portfolio', 'Portfolio'],
  ['alerts', 'Alerts'],
  ['history', 'History'],
  ['volume', 'Volume'],
] as const
export type TabName = (typeof TABS)[number][0]

export const INTERVAL_NAMES = Object.keys(INTERVALS) as Interval[]
const DEFAULT_INTERVAL: Interval = '1m'

/** What the address says about what is looked at. `symbol` is null where it names none. */
export type MarketAddress = {
  readonly tab: TabName | null
  readonly symbol: string | null
  readonly interval: Interval
}

/** Reads the address: whatever it does not say, or says wrongly, is the default. An unknown tab is null. */
export function readAddress(
  tab: string | undefined,
  { symbol = '', interval = '' }: Readonly<Record<string, string>>,
): MarketAddress {
  return {
    tab: tab === undefined || tab === '' ? TABS[0][0] : (TABS.find(([name]) => name === tab)?.[0] ?? null),
    symbol: SYMBOL_PATTERN.test(symbol) ? symbol : null,
    interval: INTERVAL_NAMES.find((name) => name === interval) ?? DEFAULT_INTERVAL,
  }
}

/** The address of a tab, which keeps the symbol and the interval that are looked at. */
export function addressOf(tab: TabName, { symbol, interval }: Omit<MarketAddress, 'tab'>): string {
  const query = new URLSearchParams({
    ...(symbol !== null && { symbol }),
    ...(interval !== DEFAULT_INTERVAL && { interval }),
  }).toString()
  return `/market${tab === TABS[0][0] ? '' : `/${tab}`}${query && `?${query}`}`
}
