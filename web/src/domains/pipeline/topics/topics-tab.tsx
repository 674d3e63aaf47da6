import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

/** The topics of Kafka, and the records of one. */
export function TopicsTab() {
  return (
    <Card title="Topics">
      <StateMessage kind="empty" title="Nothing is shown here yet" />
    </Card>
  )
}
