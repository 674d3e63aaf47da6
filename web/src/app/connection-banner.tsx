import { useConnection } from '#web/live/freshness.tsx'
import { Icon } from '#web/ui/data/icon.tsx'
import { Age } from '#web/ui/data/times.tsx'

const QUIET_PHASES: readonly string[] = ['live', 'connecting', 'recovering']

/** Across the page while what it shows may be out of date: what is wrong, since when, and what happens about it. */
export function ConnectionBanner() {
  const { phase, label, help, tone, heardAt } = useConnection()
  if (QUIET_PHASES.includes(phase)) return null
  return (
    <section className={`banner banner-${tone}`} aria-label="Connection trouble">
      <Icon name="alert" />
      <strong>{label}</strong>
      <span>{help}</span>
      {heardAt !== null && (
        <span>
          Data as of <Age of={heardAt} />.
        </span>
      )}
    </section>
  )
}
