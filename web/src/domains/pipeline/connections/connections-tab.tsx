import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

/** The open connections. */
export function ConnectionsTab() {
  return (
    <Card title="Connections">
      <StateMessage kind="empty" title="Nothing is shown here yet" />
    </Card>
  )
}
