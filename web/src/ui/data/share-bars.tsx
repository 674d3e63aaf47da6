import { formatNumber } from './format.ts'
import './share-bars.css'

export type ShareRow = {
  readonly name: string
  readonly label: string
  readonly count: number
  readonly percent: number
  /** The name of a colour token, such as `critical`. */
  readonly tone?: string
}

/** A distribution as bars with their numbers, in a table for screen readers. */
export function ShareBars({ caption, rows }: { caption: string; rows: readonly ShareRow[] }) {
  const max = Math.max(1, ...rows.map(({ count }) => count))
  return (
    <table className="shares">
      <caption>{caption}</caption>
      <tbody>
        {rows.map(({ name, label, count, percent, tone = 'accent' }) => (
          <tr key={name}>
            <th scope="row">{label}</th>
            <td className="shares-bar">
              <span className={`shares-fill tone-${tone}`} style={{ width: `${(count / max) * 100}%` }} />
            </td>
            <td className="shares-number">{formatNumber(count)}</td>
            <td className="shares-number shares-percent">{`${formatNumber(percent)} %`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
