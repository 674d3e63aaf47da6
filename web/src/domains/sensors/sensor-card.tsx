import { memo } from 'react'
import { LIMITS } from '#shared/domain/sensors/conditions.ts'
import { MEASURES, type Measure } from '#shared/domain/sensors/read-reading.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { Icon } from '#web/ui/data/icon.tsx'
import { Sparkline } from '#web/ui/data/sparkline.tsx'
import { Age } from '#web/ui/data/times.tsx'
import { HEALTH, MEASURE_WORDS, sayValue, seriesOf } from './say-reading.ts'
import type { Sensor } from './use-sensors.ts'

type Props = { readonly sensor: Sensor; readonly onOpen: () => void }

/** A sensor: its place, its status in colour and words, what it measures, and how old that is. */
export const SensorCard = memo(
  function SensorCard({ sensor, onOpen }: Props) {
    const { sensorId, location, health, last } = sensor
    const { word, tone, icon } = HEALTH[health]
    return (
      <li className={`sensor-card sensor-${tone}`}>
        <header>
          <div>
            <h2>
              <button type="button" className="sensor-open" onClick={onOpen}>
                {location ?? sensorId}
              </button>
            </h2>
            <small>{sensorId}</small>
          </div>
          <Badge tone={tone}>
            <Icon name={icon} size={14} />
            {word}
          </Badge>
        </header>
        <div className="sensor-measures">
          {MEASURES.map((measure) => (
            <Measured key={measure} sensor={sensor} measure={measure} />
          ))}
        </div>
        <footer>
          {last.time === null ? (
            'No reading yet'
          ) : (
            <>
              Read <Age of={last.time} />
            </>
          )}
        </footer>
      </li>
    )
  },
  (before, after) =>
    before.sensor.state === after.sensor.state && before.sensor.health === after.sensor.health,
)

function Measured({ sensor, measure }: { sensor: Sensor; measure: Measure }) {
  const { last, average, state, location, sensorId } = sensor
  const values = seriesOf(state.window, measure)
  const value = last[measure]
  const isOver = value !== null && value > LIMITS[measure]
  return (
    <div>
      <span className="sensor-name">{MEASURE_WORDS[measure]}</span>
      <strong className={isOver ? 'sensor-over' : undefined}>{sayValue(value, measure)}</strong>
      <Sparkline
        values={values}
        label={`${MEASURE_WORDS[measure]} of ${location ?? sensorId} over the last 5 minutes`}
      />
      <small>
        <abbr title="Average of the last 5 minutes">avg</abbr> <b>{sayValue(average[measure], measure)}</b>
      </small>
      {isOver && <small>{`limit ${sayValue(LIMITS[measure], measure)}`}</small>}
    </div>
  )
}
