import { priceUnits, readMoney, writeMoney } from './money.ts'
import type { Portfolio, PresentedPosition } from './portfolio-view.ts'

/** A position at its last price; without a price only its cost is known. */
export type ValuedPosition = PresentedPosition & {
  readonly last: number | null
  readonly value: string | null
  readonly unrealised: string | null
}
export type ValuedPortfolio = Omit<Portfolio, 'positions'> & {
  readonly positions: readonly ValuedPosition[]
  /** The worth of all positions; those without a price count at cost. */
  readonly value: string
  readonly unrealised: string
  /** Cash and worth together. */
  readonly equity: string
}

/** Values a presented portfolio by last prices, exactly. */
export function valuePortfolio(
  portfolio: Portfolio,
  quotes: readonly { readonly symbol: string; readonly last: number }[],
): ValuedPortfolio {
  const prices = new Map(quotes.map(({ symbol, last }) => [symbol, last]))
  const positions = portfolio.positions.map((position) =>
    valuePosition(position, prices.get(position.symbol)),
  )
  const value = positions.reduce((sum, one) => sum + readMoney(one.value ?? one.cost), 0n)
  const cost = positions.reduce((sum, one) => sum + readMoney(one.cost), 0n)
  return {
    ...portfolio,
    positions,
    value: writeMoney(value),
    unrealised: writeMoney(value - cost),
    equity: writeMoney(readMoney(portfolio.cash) + value),
  }
}

function valuePosition(position: PresentedPosition, last: number | undefined): ValuedPosition {
  const units = priceUnits(last)
  if (last === undefined || units === null) return { ...position, last: null, value: null, unrealised: null }
  const value = BigInt(units) * BigInt(position.quantity)
  return {
    ...position,
    last,
    value: writeMoney(value),
    unrealised: writeMoney(value - readMoney(position.cost)),
  }
}
