import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

/** The consumer groups with their lag. */
export function GroupsTab() {
  return (
    <Card title="Consumer groups">
      <StateMessage kind="empty" title="Nothing is shown here yet" />
    </Card>
  )
}
