import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

/** The records that could not be processed. */
export function DeadLettersTab() {
  return (
    <Card title="Dead letters">
      <StateMessage kind="empty" title="Nothing is shown here yet" />
    </Card>
  )
}
