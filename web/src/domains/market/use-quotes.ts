import { useMemo } from 'react'
import { marketViews } from '#shared/domain/market/market-views.ts'
import { type Quote, type QuoteState, quotesView } from '#shared/domain/market/quotes-view.ts'
import { type LiveView, useView } from '#web/live/use-view.ts'
import { presentView } from './present-view.ts'

export type Quotes = LiveView<QuoteState> & {
  /** In the order of the alphabet; the same array as long as nothing else is traded. */
  readonly symbols: readonly string[]
}

/** The quotes of all symbols, live. Whoever uses it is drawn again with every trade: keep such components small. */
export function useQuotes(): Quotes {
  const view = useView(marketViews, 'quotes')
  const names = [...view.states.keys()].sort().join(' ')
  const symbols = useMemo(() => names.split(' ').filter(Boolean), [names])
  return { ...view, symbols }
}

/** What a state of `quotes` says; null where nothing was traded. */
export function toQuote(state: QuoteState | null | undefined, symbol: string): Quote | null {
  return state ? presentView<Quote | null, QuoteState>(quotesView, state, symbol) : null
}

/** The quote of one symbol, live. */
export function useQuote(symbol: string): LiveView<QuoteState> & { readonly quote: Quote | null } {
  const view = useView(marketViews, 'quotes', symbol)
  return { ...view, quote: useMemo(() => toQuote(view.state, symbol), [view.state, symbol]) }
}
