import { useMemo } from 'react'
import { marketViews } from '#shared/domain/market/market-views.ts'
import { NEW_PORTFOLIO, type PortfolioState } from '#shared/domain/market/portfolio.ts'
import { type Portfolio, portfolioView } from '#shared/domain/market/portfolio-view.ts'
import type { Quote } from '#shared/domain/market/quotes-view.ts'
import { type ValuedPortfolio, valuePortfolio } from '#shared/domain/market/value-portfolio.ts'
import { useAccess } from '#web/live/access.tsx'
import { type LiveView, useView } from '#web/live/use-view.ts'
import { presentView } from './present-view.ts'
import { toQuote, useQuotes } from './use-quotes.ts'

export type OwnPortfolio = LiveView<PortfolioState> & {
  /** As the fold has it: what everybody starts with, before the first order. */
  readonly held: PortfolioState
  readonly portfolio: Portfolio
}

/** Cash, shares and open orders of who is signed in, live. */
export function usePortfolio(): OwnPortfolio {
  const { name } = useAccess()
  const view = useView(marketViews, 'portfolio', name)
  const held = view.state ?? NEW_PORTFOLIO
  const portfolio = useMemo(
    () => presentView<Portfolio, PortfolioState>(portfolioView, held, name),
    [held, name],
  )
  return { ...view, held, portfolio }
}

export type ValuedOwnPortfolio = OwnPortfolio & {
  readonly valued: ValuedPortfolio
  /** Of everything that it is made of. */
  readonly views: readonly Pick<LiveView<unknown>, 'status'>[]
}

/** The same, valued by the last prices: whoever uses it is drawn again with every trade. */
export function useValuedPortfolio(): ValuedOwnPortfolio {
  const own = usePortfolio()
  const quotes = useQuotes()
  const prices = own.portfolio.positions
    .map(({ symbol }) => toQuote(quotes.states.get(symbol), symbol))
    .filter((quote): quote is Quote => quote !== null)
  return { ...own, valued: valuePortfolio(own.portfolio, prices), views: [own, quotes] }
}
