import { Link } from '@tanstack/react-router'
import type { ValuedPosition } from '#shared/domain/market/portfolio-view.ts'
import { FreshnessBadge } from '#web/live/freshness.tsx'
import { ViewBody } from '#web/live/use-view.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { ShareBars } from '#web/ui/data/share-bars.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

import { directionOf, percentOf, sayAmount, sayPrice, sayQuantity, saySigned } from '../money-text.ts'
import { ChangeText } from '../price-text.tsx'
import { AccountStrip } from './account-strip.tsx'
import { useValuedPortfolio } from './use-portfolio.ts'

/** The user's shares, what they are worth now, and what they gained. */
export function PortfolioTab() {
  return (
    <>
      <AccountStrip />
      <div className="market-split">
        <PositionTable />
        <SharesHeld />
      </div>
    </>
  )
}

const NUMBERS = ['Shares', 'Average cost', 'Last', 'Value', 'Gain']

/** Each position at its last price. */
function PositionTable() {
  const { valued, views, updatedAt } = useValuedPortfolio()
  return (
    <Card title="Positions" aside={<FreshnessBadge updatedAt={updatedAt} />}>
      <ViewBody what="your positions" of={views}>
        {valued.positions.length === 0 ? (
          <StateMessage
            kind="empty"
            title="You hold no shares"
            detail="What you buy appears here, at its last price."
          >
            <Link className="button" to={'/market/trading' as string}>
              Buy shares
            </Link>
          </StateMessage>
        ) : (
          <DataTable caption="Positions" narrow="cards">
            <thead>
              <tr>
                <th scope="col">Symbol</th>
                {NUMBERS.map((name) => (
                  <th key={name} scope="col" className="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {valued.positions.map((position) => (
                <PositionRow key={position.symbol} position={position} />
              ))}
            </tbody>
          </DataTable>
        )}
      </ViewBody>
    </Card>
  )
}

function PositionRow({ position }: { position: ValuedPosition }) {
  const { symbol, quantity, reserved, averageCost, last, value, unrealised, cost } = position
  const percent = unrealised === null ? null : percentOf(unrealised, cost)
  return (
    <tr>
      <th scope="row">
        <Link to={'/market/trading' as string} search={{ symbol } as never}>
          {symbol}
        </Link>
      </th>
      <td className="number" data-label="Shares">
        {sayQuantity(quantity)}
        {reserved > 0 && <small> ({sayQuantity(reserved)} reserved)</small>}
      </td>
      <td className="number" data-label="Average cost">
        {sayAmount(averageCost)}
      </td>
      <td className="number" data-label="Last">
        {sayPrice(last)}
      </td>
      <td className="number" data-label="Value">
        {value === null ? '—' : sayAmount(value)}
      </td>
      <td className={`number money-${directionOf(unrealised ?? '')}`} data-label="Gain">
        {unrealised === null ? '—' : saySigned(unrealised)}{' '}
        {percent !== null && <ChangeText percent={percent} />}
      </td>
    </tr>
  )
}

/** How the total value is spread over cash and positions. */
function SharesHeld() {
  const { valued, views } = useValuedPortfolio()
  const parts = [
    { name: 'cash', label: 'Cash', value: valued.cash },
    ...valued.positions.map(({ symbol, value, cost }) => ({
      name: symbol,
      label: symbol,
      value: value ?? cost,
    })),
  ]
  const rows = parts.map(({ name, label, value }) => ({
    name,
    label,
    count: Number(value.split('.')[0]),
    percent: percentOf(value, valued.equity) ?? 0,
    tone: name === 'cash' ? 'info' : 'accent',
  }))
  return (
    <Card title="How it is spread">
      <ViewBody what="your account" of={views}>
        <ShareBars caption="Cash and positions, in whole currency units" rows={rows} />
      </ViewBody>
    </Card>
  )
}
