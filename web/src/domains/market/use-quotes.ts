import { useMemo } from 'react'
import { marketViews } from '#shared/domain/market/market-views.ts'
import { type Quote, type QuoteState, quotesView } from '#shared/domain/market/quotes-view.ts'
import { type LiveView, useView } from '#web/live/use-view.tsx'
import { presentView } from './present-view.ts'

export type Quotes = LiveView<QuoteState> & {
  /** In alphabetical order; the same array until another symbol is traded. */
  readonly symbols: readonly string[]
}

/** Returns the quotes of all symbols, live. A component that uses it is redrawn with every trade: keep it small. */
export function useQuotes(): Quotes {
  const view = useView(marketViews, 'quotes')
  const names = [...view.states.keys()].sort().join(' ')
  const symbols = useMemo(() => names.split(' ').filter(Boolean), [names])
  return { ...view, symbols }
}

/** Returns the quote in a state of `quotes`; null if nothing was traded. */
export function toQuote(state: QuoteState | null | undefined, symbol: string): Quote | null {
  return state ? presentView<Quote | null, QuoteState>(quotesView, state, symbol) : null
}

/** Returns the quote of one symbol, live. */
export function useQuote(symbol: string): LiveView<QuoteState> & { readonly quote: Quote | null } {
  const view = useView(marketViews, 'quotes', symbol)
  return { ...view, quote: useMemo(() => toQuote(view.state, symbol), [view.state, symbol]) }
}
