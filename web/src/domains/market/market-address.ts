import { useParams } from '@tanstack/react-router'
import { SYMBOL_PATTERN } from '#shared/domain/market/market-channels.ts'
import { INTERVALS, type Interval } from '#shared/domain/market/series.ts'
import { useSearchState } from '#web/ui/state/use-search-state.ts'

/** The tabs, in their order; the first is shown if the address names none. */
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

/** What the address says is shown. `symbol` is null if it names none. */
type MarketAddress = {
  readonly tab: TabName | null
  readonly symbol: string | null
  readonly interval: Interval
}

/** Reads the address. What is missing or invalid is the default; an unknown tab is null. */
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

/** Returns the address of a tab that shows the same symbol and interval. */
export function addressOf(tab: TabName, { symbol, interval }: Omit<MarketAddress, 'tab'>): string {
  const query = new URLSearchParams({
    ...(symbol !== null && { symbol }),
    ...(interval !== DEFAULT_INTERVAL && { interval }),
  }).toString()
  return `/market${tab === TABS[0][0] ? '' : `/${tab}`}${query && `?${query}`}`
}

type Change = ReturnType<typeof useSearchState>[1]

/** Returns what the address says is shown, its other search parameters, and a function that changes them. */
export function useMarketAddress(): MarketAddress & {
  readonly search: Readonly<Record<string, string>>
  readonly change: Change
} {
  const { tab } = useParams({ strict: false }) as { readonly tab?: string }
  const [search, change] = useSearchState()
  return { ...readAddress(tab, search), search, change }
}
