import { useParams } from '@tanstack/react-router'
import { useSearchState } from '#web/ui/state/use-search-state.ts'
import { type MarketAddress, readAddress } from './market-address.ts'

type Change = ReturnType<typeof useSearchState>[1]

/** What the address says is looked at, its other search parameters, and how to change them. */
export function useMarketAddress(): MarketAddress & {
  readonly search: Readonly<Record<string, string>>
  readonly change: Change
} {
  const { tab } = useParams({ strict: false }) as { readonly tab?: string }
  const [search, change] = useSearchState()
  return { ...readAddress(tab, search), search, change }
}
