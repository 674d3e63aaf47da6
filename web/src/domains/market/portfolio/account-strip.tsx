import { FreshnessBadge } from '#web/live/freshness.tsx'
import { ViewBody } from '#web/live/use-view.tsx'
import { Card } from '#web/ui/layout/card.tsx'

import { directionOf, sayAmount, saySigned } from '../money-text.ts'
import { useValuedPortfolio } from './use-portfolio.ts'
import './account-strip.css'

/** The user's account in six numbers, exact to the last decimal. */
export function AccountStrip() {
  const { valued, views, updatedAt } = useValuedPortfolio()
  return (
    <Card title="My account" aside={<FreshnessBadge updatedAt={updatedAt} />}>
      <ViewBody what="your account" of={views} lines={2}>
        <dl className="account">
          <Amount name="Total value" text={sayAmount(valued.equity)} />
          <Amount name="Cash" text={sayAmount(valued.cash)} />
          <Amount name="Reserved for orders" text={sayAmount(valued.reserved)} />
          <Amount name="Shares" text={sayAmount(valued.value)} />
          <Amount name="Unrealised gain" text={saySigned(valued.unrealised)} of={valued.unrealised} />
          <Amount name="Realised gain" text={saySigned(valued.realised)} of={valued.realised} />
        </dl>
      </ViewBody>
    </Card>
  )
}

function Amount({ name, text, of }: { name: string; text: string; of?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={of === undefined ? undefined : `money-${directionOf(of)}`}>{text}</dd>
    </div>
  )
}
