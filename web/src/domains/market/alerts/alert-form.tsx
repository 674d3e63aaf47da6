import { type FormEvent, useState } from 'react'
import { ALERT_KINDS, type AlertKind } from '#shared/domain/market/alert-views.ts'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure, usePostEvent } from '#web/live/api.ts'
import { useRefusal } from '#web/live/use-view.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Card } from '#web/ui/layout/card.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'

import { useMarketAddress } from '../market-address.ts'
import { sayPrice } from '../money-text.ts'
import { ownDeed } from '../own-deed.ts'
import { SymbolSelect } from '../symbol-choice.tsx'
import { useQuote } from '../use-quotes.ts'
import { type AlertDraft, checkAlert, KIND_WORDS, readThreshold, sayCondition } from './check-alert.ts'
import { useAlerts } from './use-alerts.ts'

/** A form that creates an alert. */
export function AlertForm() {
  const { symbol, change } = useMarketAddress()
  const [typed, setTyped] = useState<Omit<AlertDraft, 'symbol'>>({ kind: 'price-above', threshold: '' })
  const [isChecked, setChecked] = useState(false)
  const refusal = useRefusal([useAlerts()], ownDeed(useAccess().name, 'market.alert.created'))
  const create = useCreating()
  const draft = { ...typed, symbol: symbol ?? '' }
  const errors = isChecked ? checkAlert(draft) : {}

  async function submit(event: FormEvent) {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(checkAlert(draft)).length > 0) return
    setChecked(false)
    if (await create(draft)) setTyped({ ...typed, threshold: '' })
  }
  return (
    <Card title="New alert" className="unprinted">
      <form
        className="market-form"
        aria-label="New alert"
        noValidate
        onSubmit={(event) => void submit(event)}
      >
        <SymbolSelect
          value={draft.symbol}
          onChange={(next) => change({ symbol: next })}
          error={errors.symbol ?? null}
        />
        <Field label="Notify me of">
          <select
            value={typed.kind}
            onChange={({ target }) => setTyped({ ...typed, kind: target.value as AlertKind })}
          >
            {ALERT_KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {KIND_WORDS[kind]}
              </option>
            ))}
          </select>
        </Field>
        <Field label={typed.kind === 'volume-above' ? 'Shares' : 'Price'} error={errors.threshold ?? null}>
          <input
            inputMode="decimal"
            autoComplete="off"
            value={typed.threshold}
            onChange={({ target }) => setTyped({ ...typed, threshold: target.value })}
          />
        </Field>
        {draft.symbol !== '' && <QuoteHint symbol={draft.symbol} />}
        <Button look="primary" type="submit" refused={refusal}>
          Create the alert
        </Button>
        {refusal && <small role="status">{refusal}</small>}
      </form>
    </Card>
  )
}

/** Returns a function that creates an alert, and returns whether the server accepted it. */
function useCreating() {
  const { name } = useAccess()
  const post = usePostEvent()
  return async (draft: AlertDraft): Promise<boolean> => {
    const { symbol, kind } = draft
    const threshold = readThreshold(draft) ?? 0
    const data = { alertId: crypto.randomUUID(), user: name, symbol, kind, threshold }
    try {
      await post({ type: 'market.alert.created', subject: data.alertId, data })
      showToast({ tone: 'good', title: `${symbol} is watched`, detail: sayCondition({ kind, threshold }) })
      return true
    } catch (error) {
      showToast({ tone: 'bad', title: 'The alert was not created', detail: describeFailure(error) })
      return false
    }
  }
}

/** The last price of a symbol, below the field for a price. */
function QuoteHint({ symbol }: { symbol: string }) {
  const { quote } = useQuote(symbol)
  return (
    <small>
      {quote === null
        ? `Nothing has been traded under ${symbol} yet.`
        : `${symbol} is at ${sayPrice(quote.last)}.`}
    </small>
  )
}
