import { useMemo } from 'react'
import { marketViews } from '#shared/domain/market/market-views.ts'
import {
  NEW_PORTFOLIO,
  type Portfolio,
  type PortfolioState,
  portfolioView,
  type ValuedPortfolio,
  valuePortfolio,
} from '#shared/domain/market/portfolio-view.ts'
import type { Quote } from '#shared/domain/market/quotes-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { type LiveView, useView } from '#web/live/use-view.tsx'
import { presentView } from '../present-view.ts'
import { toQuote, useQuotes } from '../use-quotes.ts'

type OwnPortfolio = LiveView<PortfolioState> & {
  /** The state of the fold; before the first order, what every user starts with. */
  readonly held: PortfolioState
  readonly portfolio: Portfolio
}

/** Returns cash, shares and open orders of the signed-in user, live. */
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

type ValuedOwnPortfolio = OwnPortfolio & {
  readonly valued: ValuedPortfolio
  /** The views that it is computed from. */
  readonly views: readonly Pick<LiveView<unknown>, 'status'>[]
}

/** Returns the same, valued at the last prices. A component that uses it is redrawn with every trade. */
export function useValuedPortfolio(): ValuedOwnPortfolio {
  const own = usePortfolio()
  const quotes = useQuotes()
  const prices = own.portfolio.positions
    .map(({ symbol }) => toQuote(quotes.states.get(symbol), symbol))
    .filter((quote): quote is Quote => quote !== null)
  return { ...own, valued: valuePortfolio(own.portfolio, prices), views: [own, quotes] }
}
