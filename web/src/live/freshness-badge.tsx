import { Badge } from '#web/ui/data/badge.tsx'
import { Age } from '#web/ui/data/times.tsx'
import './freshness-badge.css'
import { useConnection } from './use-connection.ts'

type Props = {
  /** When the data last changed, in epoch milliseconds; null before there is any. */
  readonly updatedAt?: number | null
  /** The reader holds it still. */
  readonly paused?: boolean
}

/** How fresh the data of a widget is: in its head, right of its title. */
export function FreshnessBadge({ updatedAt, paused = false }: Props) {
  const { phase, label, tone, heardAt } = useConnection()
  const at = phase === 'live' && !paused ? heardAt : (updatedAt ?? heardAt)
  return (
    <span className="freshness">
      <Badge tone={paused ? 'busy' : tone}>
        <span className="freshness-dot" aria-hidden="true" />
        {paused ? 'Paused' : label}
      </Badge>
      {at !== null && (
        <span className="freshness-age">
          <span className="visually-hidden">Data as of </span>
          <Age of={at} />
        </span>
      )}
    </span>
  )
}
