import { defineView } from '#shared/domain/define-domain.ts'
import { userChannel, userOf } from './market-channels.ts'
import { divideMoney, readMoney, writeMoney } from './money.ts'
import { type OrderData, orderData } from './order.ts'
import { viewOf } from './outcome.ts'
import { judge, NEW_PORTFOLIO, type PortfolioState, reservedCash, reservedShares } from './portfolio.ts'

/** A position as readers get it. Money is decimal text with four decimals. */
export type PresentedPosition = {
  readonly symbol: string
  readonly quantity: number
  /** Of the quantity, what open orders to sell hold back. */
  readonly reserved: number
  readonly cost: string
  /** The cost of one share, rounded. */
  readonly averageCost: string
}
/** What `portfolio` presents of a user. Money is decimal text with four decimals. */
export type Portfolio = {
  readonly cash: string
  /** Of the cash, what open limit orders to buy hold back, and the rest. */
  readonly reserved: string
  readonly free: string
  /** Profit less loss of all sales, by average cost. */
  readonly realised: string
  /** By symbol. */
  readonly positions: readonly PresentedPosition[]
  readonly open: readonly OrderData[]
}

function presentPortfolio({ cash, realised, positions, open }: PortfolioState): Portfolio {
  const reserved = reservedCash(open)
  const present = ({ symbol, quantity, cost }: PortfolioState['positions'][number]) => ({
    symbol,
    quantity,
    reserved: reservedShares(open, symbol),
    cost,
    averageCost: writeMoney(divideMoney(readMoney(cost), BigInt(quantity))),
  })
  return {
    cash,
    reserved: writeMoney(reserved),
    free: writeMoney(readMoney(cash) - reserved),
    realised,
    positions: positions.map(present).sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
    open: open.map(orderData),
  }
}

export const portfolioView = defineView<PortfolioState>({
  description: "A user's cash, positions, open orders, and realised profit and loss by average cost.",
  lateEvents: "Orders count in the order of the user's partition, whatever their time.",
  channels: ['market.user.*'],
  channelsOf: (user) => [userChannel(user)],
  keys: ({ event }) => {
    const user = userOf(event.category)
    return user === undefined ? [] : [user]
  },
  initial: () => NEW_PORTFOLIO,
  ...viewOf(judge),
  present: presentPortfolio,
})
