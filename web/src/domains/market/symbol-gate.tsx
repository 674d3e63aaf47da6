import { type ReactNode, useEffect } from 'react'
import { ViewBody } from '#web/live/view-body.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { useMarketAddress } from './use-market-address.ts'
import { useQuotes } from './use-quotes.ts'

/** What needs a symbol: that of the address. Where it names none, the first one that is traded is put there. */
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
