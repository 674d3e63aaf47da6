import { type FormEvent, useState } from 'react'
import { readMoney, sayMoney } from '#shared/domain/market/money.ts'
import type { OrderKind, Side } from '#shared/domain/market/orders-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure, usePostEvent } from '#web/live/api.ts'
import { useRefusal, ViewBody } from '#web/live/use-view.tsx'
import { Badge } from '#web/ui/data/badge.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Segments } from '#web/ui/form/segments.tsx'
import { Card } from '#web/ui/layout/card.tsx'

import { sayAmount } from '../money-text.ts'
import { ownDeed } from '../own-deed.ts'
import { usePortfolio } from '../portfolio/use-portfolio.ts'
import { SymbolSelect } from '../symbol-choice.tsx'
import { useQuote } from '../use-quotes.ts'
import {
  checkDraft,
  costProblem,
  estimate,
  type OrderData,
  type OrderDraft,
  orderProblem,
  toOrder,
} from './check-order.ts'
import { ORDER_STATUS, sayOrder, sayOutcome, useOrders } from './orders.ts'

const SIDES = [
  ['buy', 'Buy'],
  ['sell', 'Sell'],
] as const
const KINDS = [
  ['market', 'At market'],
  ['limit', 'Limit'],
] as const
type Ticket = Omit<OrderDraft, 'symbol'>
const EMPTY: Ticket = { side: 'buy', kind: 'market', quantity: '', limit: '' }

type Props = { readonly symbol: string; readonly onSymbol: (symbol: string) => void }

/** A ticket to buy or to sell. The result of the order is shown below the button. */
export function OrderTicket({ symbol, onSymbol }: Props) {
  const [ticket, setTicket] = useState(EMPTY)
  const [isChecked, setChecked] = useState(false)
  const own = usePortfolio()
  const draft = { ...ticket, symbol }
  const errors = isChecked ? checkDraft(draft) : {}
  const { sent, send } = useSending()
  const change = (changed: Partial<Ticket>) => setTicket({ ...ticket, ...changed })

  function submit(event: FormEvent) {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(checkDraft(draft)).length > 0) return
    setChecked(false)
    void send(draft)
  }
  return (
    <Card title="Order" className="unprinted">
      <ViewBody what="your cash and shares" of={[own]}>
        <form className="market-form" aria-label="Order" noValidate onSubmit={submit}>
          <Segments<Side>
            label="Buy or sell"
            value={ticket.side}
            options={SIDES}
            onChange={(side) => change({ side })}
          />
          <SymbolSelect value={symbol} onChange={onSymbol} error={errors.symbol ?? null} />
          <Segments<OrderKind>
            label="Kind of order"
            value={ticket.kind}
            options={KINDS}
            onChange={(kind) => change({ kind })}
          />
          <div className="market-pair">
            <Field label="Shares" error={errors.quantity ?? null}>
              <input
                inputMode="numeric"
                autoComplete="off"
                value={ticket.quantity}
                onChange={({ target }) => change({ quantity: target.value })}
              />
            </Field>
            {ticket.kind === 'limit' && (
              <Field
                label={ticket.side === 'buy' ? 'Pay at most' : 'Get at least'}
                error={errors.limit ?? null}
              >
                <input
                  inputMode="decimal"
                  autoComplete="off"
                  value={ticket.limit}
                  onChange={({ target }) => change({ limit: target.value })}
                />
              </Field>
            )}
          </div>
          <TicketFoot draft={draft} own={own} isSending={sent?.state === 'sending'} />
        </form>
      </ViewBody>
      {sent && <OrderOutcome sent={sent} />}
    </Card>
  )
}

type FootProps = {
  readonly draft: OrderDraft
  readonly own: ReturnType<typeof usePortfolio>
  readonly isSending: boolean
}

/** What the order costs, the cash and shares for it, and the button. */
function TicketFoot({ draft, own, isSending }: FootProps) {
  const { quote } = useQuote(draft.symbol)
  const refusal = useRefusal([own], ownDeed(useAccess().name, 'market.order.placed'))
  const { portfolio, held } = own
  const cost = estimate(draft, quote?.last ?? null)
  const shares = portfolio.positions.find(({ symbol }) => symbol === draft.symbol)
  const isWhole = Object.keys(checkDraft(draft)).length === 0
  const foreseen = isWhole ? orderProblem(held, toOrder(draft, 'ticket', 'ticket')) : null
  const warning = foreseen ?? costProblem(draft, cost, readMoney(portfolio.free))
  const order = isWhole ? sayOrder(toOrder(draft, '', '')) : draft.side === 'buy' ? 'Buy' : 'Sell'
  return (
    <>
      <dl className="ticket-facts">
        <Fact
          name={draft.side === 'buy' ? 'Estimated cost' : 'Estimated proceeds'}
          text={cost === null ? '—' : sayMoney(cost)}
        />
        <Fact name="Free cash" text={sayAmount(portfolio.free)} />
        <Fact name="Reserved for open orders" text={sayAmount(portfolio.reserved)} />
        <Fact
          name={`${draft.symbol} held`}
          text={shares ? `${shares.quantity - shares.reserved} free of ${shares.quantity}` : 'none'}
        />
      </dl>
      {warning && (
        <p className="ticket-warning" role="status">
          {warning}
        </p>
      )}
      <Button
        look="primary"
        type="submit"
        refused={refusal ?? (isSending ? 'The order is being sent.' : null)}
      >
        {order}
      </Button>
      {refusal && <small role="status">{refusal}</small>}
    </>
  )
}

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  )
}

/** Sends orders, and returns the last one with its state. */
function useSending() {
  const [sent, setSent] = useState<Sent | null>(null)
  const { name } = useAccess()
  const post = usePostEvent()
  async function send(draft: OrderDraft) {
    const order = toOrder(draft, crypto.randomUUID(), name)
    setSent({ order, state: 'sending' })
    try {
      await post({ type: 'market.order.placed', subject: order.orderId, data: order })
      setSent({ order, state: 'sent' })
    } catch (error) {
      setSent({ order, state: 'failed', reason: describeFailure(error) })
    }
  }
  return { sent, send }
}

/** An order that was sent from here. `failed`: the server did not accept it. */
type Sent =
  | { readonly order: OrderData; readonly state: 'sending' | 'sent' }
  | { readonly order: OrderData; readonly state: 'failed'; readonly reason: string }

/** The result of the order that was just sent. */
function OrderOutcome({ sent }: { sent: Sent }) {
  const { orders } = useOrders()
  const order = orders.find(({ orderId }) => orderId === sent.order.orderId)
  const status = order && ORDER_STATUS[order.status]
  const isFailed = sent.state === 'failed'
  return (
    <div className={`outcome outcome-${isFailed ? 'bad' : (status?.tone ?? 'busy')}`} role="status">
      <Badge tone={isFailed ? 'bad' : (status?.tone ?? 'busy')}>
        {isFailed ? 'Not sent' : (status?.word ?? 'Sent')}
      </Badge>
      <strong>{sayOrder(sent.order)}</strong>
      <p>{isFailed ? sent.reason : sayOutcome(order)}</p>
    </div>
  )
}
