import { SEVERITIES } from './severities.ts'
import './severity-badge.css'

/** A severity as a word, with a colour that only repeats it. */
export function SeverityBadge({ severity }: { severity: string | undefined }) {
  const known = SEVERITIES.find((name) => name === severity)
  return <span className={`severity severity-${known ?? 'none'}`}>{severity ?? 'none'}</span>
}
