import { type ReactNode, useEffect } from 'react'
import type { Interval } from '#shared/domain/market/series.ts'
import { ViewBody } from '#web/live/use-view.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Segments } from '#web/ui/form/segments.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { INTERVAL_NAMES, useMarketAddress } from './market-address.ts'
import { useQuotes } from './use-quotes.ts'

/** The symbol and the interval that are shown. Both are part of the address. */
export function ChartBar({ symbol, withInterval = true }: { symbol: string; withInterval?: boolean }) {
  const { change } = useMarketAddress()
  return (
    <div className="market-bar">
      <SymbolSelect value={symbol} onChange={(next) => change({ symbol: next })} />
      {withInterval && <IntervalChoice />}
    </div>
  )
}

const INTERVALS = INTERVAL_NAMES.map((name) => [name, name] as const)

/** How long a candle is. Part of the address. */
export function IntervalChoice() {
  const { interval, change } = useMarketAddress()
  return (
    <Segments<Interval>
      label="Interval of the candles"
      value={interval}
      options={INTERVALS}
      onChange={(next) => change({ interval: next === '1m' ? '' : next })}
    />
  )
}

type Props = {
  readonly value: string
  readonly onChange: (symbol: string) => void
  readonly label?: string
  readonly error?: string | null
}

/** One of the symbols that are traded. */
export function SymbolSelect({ value, onChange, label = 'Symbol', error = null }: Props) {
  const { symbols } = useQuotes()
  return (
    <Field label={label} error={error}>
      <SymbolOptions symbols={symbols} value={value} onChange={onChange} />
    </Field>
  )
}

type OptionsProps = Pick<Props, 'value' | 'onChange'> & { readonly symbols: readonly string[] }

function SymbolOptions({ symbols, value, onChange, ...control }: OptionsProps) {
  const isKnown = value === '' || symbols.includes(value)
  return (
    <select value={value} onChange={({ target }) => onChange(target.value)} {...control}>
      {value === '' && <option value="">Choose…</option>}
      {(isKnown ? symbols : [value, ...symbols]).map((symbol) => (
        <option key={symbol}>{symbol}</option>
      ))}
    </select>
  )
}

/** Renders its children with the symbol of the address. If it names none, the first traded symbol is put there. */
export function SymbolGate({ children }: { children: (symbol: string) => ReactNode }) {
  const { symbol } = useMarketAddress()
  return symbol === null ? <FirstSymbol /> : children(symbol)
}

function FirstSymbol() {
  const { change } = useMarketAddress()
  const quotes = useQuotes()
  const first = quotes.symbols[0]
  useEffect(() => {
    if (first !== undefined) change({ symbol: first })
  }, [first, change])
  return (
    <ViewBody what="the market" of={[quotes]} lines={8}>
      <StateMessage
        kind="empty"
        title="Nothing has been traded yet"
        detail="Prices appear here with the first market.tick event. Run “npx tidewire simulate market” to see some."
      />
    </ViewBody>
  )
}
