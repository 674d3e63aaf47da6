import { useEffect } from 'react'
import { useConnection } from '#web/live/freshness.tsx'
import { Age } from '#web/ui/data/times.tsx'
import { announce, announceUrgently } from '#web/ui/overlay/announcer.tsx'

/** How the connection is, plainly. Only its loss interrupts a screen reader. */
export function ConnectionStatus() {
  const { phase, label, help, tone, heardAt } = useConnection()
  useEffect(() => {
    if (phase === 'connecting') return
    if (tone === 'bad') announceUrgently(`${label}. ${help}`)
    else announce(`${label}. ${help}`)
  }, [phase, label, help, tone])
  return (
    <section className={`connection connection-${tone}`} aria-label="Connection">
      <span className="connection-dot" aria-hidden="true" />
      <div>
        <strong>{label}</strong> <span className="connection-help">{help}</span>{' '}
        <span className="connection-age">
          {heardAt === null ? (
            'Nothing heard yet'
          ) : (
            <>
              <span className="connection-heard">Heard </span>
              <Age of={heardAt} />
            </>
          )}
        </span>
      </div>
    </section>
  )
}
