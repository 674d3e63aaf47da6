import type { VolumeAnalysis } from '#shared/domain/market/analyse-volume.ts'
import { formatTime } from '#web/ui/data/format.ts'
import { useSetting } from '#web/ui/state/settings.ts'
import { sayQuantity } from './say-money.ts'

const HEIGHT = 120
const STEP = 10

/** Volume minute by minute, with the average as a line. */
export function MinuteBars({ analysis }: { analysis: VolumeAnalysis }) {
  const { minutes, average } = analysis
  const zone = useSetting('times')
  const most = Math.max(1, average ?? 0, ...minutes.map(({ volume }) => volume))
  const heightOf = (volume: number) => (volume / most) * HEIGHT
  const [first, last] = [minutes[0], minutes.at(-1)]
  const name = (time: number | undefined) => formatTime((time ?? 0) * 1000, zone).slice(0, 5)
  return (
    <figure className="minutes">
      <svg
        role="img"
        aria-label={`Volume of ${minutes.length} minutes, from ${name(first?.time)} to ${name(last?.time)}; the highest is ${sayQuantity(most)}`}
        viewBox={`0 0 ${Math.max(minutes.length, 20) * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {minutes.map(({ time, volume }, index) => (
          <rect
            key={time}
            x={index * STEP + 1}
            y={HEIGHT - heightOf(volume)}
            width={STEP - 2}
            height={heightOf(volume)}
            className={time === last?.time ? 'minute-now' : undefined}
          >
            <title>{`${name(time)}: ${sayQuantity(volume)}`}</title>
          </rect>
        ))}
        {average !== null && (
          <line x1="0" x2="100%" y1={HEIGHT - heightOf(average)} y2={HEIGHT - heightOf(average)} />
        )}
      </svg>
      <figcaption className="market-note">
        <span>{name(first?.time)}</span>
        <span>The line is the average{average === null ? '' : `, ${sayQuantity(average)}`}.</span>
        <span>{name(last?.time)}</span>
      </figcaption>
    </figure>
  )
}
