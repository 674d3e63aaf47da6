import type { Filter } from '#shared/core/interest.ts'
import { useAccess } from '#web/live/access.tsx'
import { rightProblem } from '#web/live/rights.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Age } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'

/** A connection as `GET /connections` returns it. */
export type OpenConnection = {
  readonly id: string
  readonly principal: { readonly name: string; readonly kind: string; readonly role: string }
  readonly connected: string
  readonly expires?: string
  readonly address?: string
  readonly subscriptions: readonly {
    readonly id: string
    readonly channels: readonly string[]
    readonly filter?: Filter
    readonly behind: boolean
  }[]
  readonly framesPerSecond: number
  readonly eventsPerSecond: number
  readonly lastFrame?: string
  readonly lagMs: number
}

type Props = {
  readonly connection: OpenConnection
  /** Shows only the connections of a name. */
  readonly onlyOf: (name: string) => void
  readonly onClose: (connection: OpenConnection) => void
}

export function ConnectionRow({ connection, onlyOf, onClose }: Props) {
  const { id, principal, connected, address, framesPerSecond, eventsPerSecond, lagMs } = connection
  const problem = rightProblem(useAccess(), 'connections.close')
  return (
    <tr>
      <th scope="row">
        <button
          type="button"
          className="pipeline-link"
          title={`Show only connections of ${principal.name}`}
          onClick={() => onlyOf(principal.name)}
        >
          {principal.name}
        </button>
        <small className="pipeline-note">{`${principal.kind}, ${principal.role}`}</small>
      </th>
      <td data-label="Open since">
        <Age of={connected} />
      </td>
      <td data-label="Subscriptions" className="wide">
        <Subscriptions connection={connection} />
      </td>
      <td data-label="Lag">
        {lagMs === 0 ? (
          <Badge tone="good">Live</Badge>
        ) : (
          <Badge tone="bad">{`Behind ${sayLag(lagMs)}`}</Badge>
        )}
      </td>
      <td data-label="Frames/s" className="number">
        {formatNumber(framesPerSecond)}
      </td>
      <td data-label="Events/s" className="number">
        {formatNumber(eventsPerSecond)}
      </td>
      <td data-label="From">{address ?? '—'}</td>
      <td className="actions">
        <Button
          small
          icon="plug"
          refused={problem}
          aria-label={`Close a connection of ${principal.name}: ${id}`}
          onClick={() => onClose(connection)}
        >
          Close
        </Button>
      </td>
    </tr>
  )
}

/** The channels of all subscriptions; what each asks for is below. */
function Subscriptions({ connection: { subscriptions } }: { readonly connection: OpenConnection }) {
  if (subscriptions.length === 0) return 'None'
  const channels = [...new Set(subscriptions.flatMap((one) => one.channels))]
  return (
    <details className="connections-subscriptions">
      <summary>
        {channels.slice(0, 3).join(', ') + (channels.length > 3 ? ` and ${channels.length - 3} more` : '')}
      </summary>
      <ul>
        {subscriptions.map(({ id, channels: own, filter, behind }) => (
          <li key={id}>
            <code>{own.join(', ')}</code>
            {filter && <span>{` with ${sayFilter(filter)}`}</span>}
            {behind && (
              <>
                {' '}
                <Badge tone="bad">behind</Badge>
              </>
            )}
          </li>
        ))}
      </ul>
    </details>
  )
}

function sayFilter(filter: Filter): string {
  return Object.entries(filter)
    .map(([name, values]) => `${name} ${(values as readonly string[]).join(' or ')}`)
    .join(' and ')
}

function sayLag(ms: number): string {
  return ms < 60_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.floor(ms / 60_000)} min`
}
