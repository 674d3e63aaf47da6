import { Card } from '#web/ui/layout/card.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'

/** Jobs that write or send events again. */
export function ReplaysTab() {
  return (
    <Card title="Replays">
      <StateMessage kind="empty" title="Nothing is shown here yet" />
    </Card>
  )
}
