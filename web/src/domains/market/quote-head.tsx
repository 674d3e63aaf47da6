import { ChangeText } from './change-text.tsx'
import { Flash } from './flash.tsx'
import { sayChange, sayPrice, sayQuantity } from './say-money.ts'
import { useQuote } from './use-quotes.ts'
import './quote-head.css'

/** A symbol's last price, large, and its day so far. */
export function QuoteHead({ symbol }: { symbol: string }) {
  const { quote } = useQuote(symbol)
  if (quote === null)
    return (
      <p className="market-note" role="status">
        Nothing has been traded under {symbol} yet.
      </p>
    )
  return (
    <div className="quote-head">
      <strong className="quote-last">
        <Flash value={quote.last}>{sayPrice(quote.last)}</Flash>
      </strong>
      <span className="quote-change">
        {sayChange(quote.change)} <ChangeText percent={quote.changePercent} />
      </span>
      <dl className="quote-day">
        <Fact name="Open" text={sayPrice(quote.open)} />
        <Fact name="High" text={sayPrice(quote.high)} />
        <Fact name="Low" text={sayPrice(quote.low)} />
        <Fact name="Volume" text={sayQuantity(quote.volume)} />
      </dl>
    </div>
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
