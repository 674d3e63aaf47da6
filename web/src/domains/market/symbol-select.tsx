import { Field } from '#web/ui/form/field.tsx'
import { useQuotes } from './use-quotes.ts'

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
