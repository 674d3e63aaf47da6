import { ViewBody } from '#web/live/view-body.tsx'
import { ShareBars } from '#web/ui/data/share-bars.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { percentOf } from './say-money.ts'
import { useValuedPortfolio } from './use-portfolio.ts'

/** How the total value is spread over cash and positions. */
export function SharesHeld() {
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
    ...{ name, label },
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
