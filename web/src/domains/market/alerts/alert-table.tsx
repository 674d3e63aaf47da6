import type { AlertRecord, AlertStatus } from '#shared/domain/market/alert-views.ts'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure, usePostEvent } from '#web/live/api.ts'
import { useRefusal } from '#web/live/use-view.tsx'
import { Badge, type Tone } from '#web/ui/data/badge.tsx'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Button, IconButton } from '#web/ui/form/button.tsx'
import { Chip } from '#web/ui/form/chip.tsx'
import { StateMessage } from '#web/ui/layout/state-message.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { ownDeed } from '../own-deed.ts'
import { sayCondition, sayTrigger } from './check-alert.ts'
import { useAlerts } from './use-alerts.ts'

const STATUS: { readonly [status in AlertStatus]: { readonly word: string; readonly tone: Tone } } = {
  active: { word: 'Watching', tone: 'busy' },
  triggered: { word: 'Triggered', tone: 'accent' },
  refused: { word: 'Refused', tone: 'bad' },
  deleted: { word: 'Deleted', tone: 'plain' },
}
const FILTERS = ['active', 'triggered', 'refused'] as const

type Props = {
  readonly alerts: readonly AlertRecord[]
  /** The ids of those that are news. */
  readonly fresh: ReadonlySet<string>
  readonly filter: string
  readonly onFilter: (status: string) => void
}

/** The alerts, newest first, with a filter by status. */
export function AlertTable({ alerts, fresh, filter, onFilter }: Props) {
  return (
    <>
      <fieldset className="market-chips">
        <legend className="visually-hidden">Which alerts to show</legend>
        {FILTERS.map((status) => (
          <Chip
            key={status}
            pressed={filter === status}
            onChange={(pressed) => onFilter(pressed ? status : '')}
          >
            {STATUS[status].word}
          </Chip>
        ))}
      </fieldset>
      {alerts.length === 0 ? (
        <StateMessage kind="filtered" title="No alert has this status">
          <Button onClick={() => onFilter('')}>Show all alerts</Button>
        </StateMessage>
      ) : (
        <DataTable caption="My alerts" narrow="cards">
          <thead>
            <tr>
              <th scope="col">Alert</th>
              <th scope="col">Status</th>
              <th scope="col">Since</th>
              <th scope="col">
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {alerts.map((alert) => (
              <AlertRow
                key={`${alert.alertId} ${alert.createdAt}`}
                alert={alert}
                isFresh={fresh.has(alert.alertId)}
              />
            ))}
          </tbody>
        </DataTable>
      )}
    </>
  )
}

function AlertRow({ alert, isFresh }: { alert: AlertRecord; isFresh: boolean }) {
  const { symbol, status, reason, createdAt, triggeredAt } = alert
  const refusal = useRefusal([useAlerts()], ownDeed(useAccess().name, 'market.alert.deleted'))
  const remove = useDeleting()
  const { word, tone } = STATUS[status]
  const condition = `${symbol}: ${sayCondition(alert)}`
  return (
    <tr className={isFresh ? 'alert-fresh' : undefined}>
      <th scope="row">
        {condition} {isFresh && <Badge tone="accent">New</Badge>}
        {status === 'triggered' && <p className="order-reason">{sayTrigger(alert)}.</p>}
        {status === 'refused' && <p className="order-reason">{reason}</p>}
      </th>
      <td>
        <Badge tone={tone}>{word}</Badge>
      </td>
      <td data-label="Since">
        <Time value={triggeredAt ?? createdAt} />
      </td>
      <td className="actions">
        {status !== 'refused' && (
          <IconButton
            small
            icon="trash"
            label={`Delete the alert ${condition}`}
            refused={refusal}
            onClick={() => void remove(alert)}
          />
        )}
      </td>
    </tr>
  )
}

function useDeleting() {
  const { name } = useAccess()
  const post = usePostEvent()
  return async ({ alertId }: AlertRecord): Promise<void> => {
    try {
      await post({ type: 'market.alert.deleted', subject: alertId, data: { alertId, user: name } })
    } catch (error) {
      showToast({ tone: 'bad', title: 'The alert was not deleted', detail: describeFailure(error) })
    }
  }
}
