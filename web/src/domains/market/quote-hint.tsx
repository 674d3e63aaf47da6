import { sayPrice } from './say-money.ts'
import { useQuote } from './use-quotes.ts'

/** What a symbol costs now, beside where a price is typed. */
export function QuoteHint({ symbol }: { symbol: string }) {
  const { quote } = useQuote(symbol)
  return (
    <small>
      {quote === null
        ? `Nothing has been traded under ${symbol} yet.`
        : `${symbol} is at ${sayPrice(quote.last)}.`}
    </small>
  )
}
