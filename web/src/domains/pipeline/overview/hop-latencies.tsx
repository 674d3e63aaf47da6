import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

/** How long an event takes for each hop, live. */
export function HopLatencies() {
  return (
    <Card title="Hop latencies">
      <StateMessage kind="empty" title="Nothing is shown here yet" />
    </Card>
  )
}
