import { memo } from 'react'
import { MEASURES, type Measure } from '#shared/domain/sensors/readings.ts'
import { LIMITS } from '#shared/domain/sensors/sensor-view.ts'
import { sensorsViews } from '#shared/domain/sensors/sensors-views.ts'
import { useView } from '#web/live/use-view.tsx'
import { Badge } from '#web/ui/data/badge.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Icon } from '#web/ui/data/icon.tsx'
import { Sparkline } from '#web/ui/data/sparkline.tsx'
import { Age, Time } from '#web/ui/data/times.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { AlertList } from './alert-feed.tsx'
import { formatValue, HEALTH, MEASURE_WORDS, seriesOf } from './readings.ts'
import type { Sensor } from './use-sensors.ts'

type CardProps = { readonly sensor: Sensor; readonly onOpen: () => void }

/** A sensor with its place, its status in colour and words, its measured values, and their age. */
export const SensorCard = memo(
  function SensorCard({ sensor, onOpen }: CardProps) {
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
              Updated <Age of={last.time} />
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
      <strong className={isOver ? 'sensor-over' : undefined}>{formatValue(value, measure)}</strong>
      <Sparkline
        values={values}
        label={`${MEASURE_WORDS[measure]} of ${location ?? sensorId} over the last 5 minutes`}
      />
      <small>
        <abbr title="Average of the last 5 minutes">avg</abbr> <b>{formatValue(average[measure], measure)}</b>
      </small>
      {isOver && <small>{`limit ${formatValue(LIMITS[measure], measure)}`}</small>}
    </div>
  )
}

/** One sensor with charts of its last 24 hours and its alerts. */
export function SensorDrawer({ sensor, onClose }: { sensor: Sensor; onClose: () => void }) {
  const { sensorId, location, health, last, readings, late } = sensor
  const view = useView(sensorsViews, 'recent-alerts')
  const alerts = (view.state?.alerts ?? []).filter((alert) => alert.sensorId === sensorId)
  return (
    <Dialog open shape="drawer" title={location ?? sensorId} lead={`Sensor ${sensorId}`} onClose={onClose}>
      <div className="sensor-details">
        <p>
          <Badge tone={HEALTH[health].tone}>{HEALTH[health].word}</Badge>{' '}
          {last.time === null ? (
            'No reading yet.'
          ) : (
            <>
              Updated <Age of={last.time} />.
            </>
          )}{' '}
          {`${formatNumber(readings)} readings${late === 0 ? '' : `, ${formatNumber(late)} of them too late for the averages`}.`}
        </p>
        {MEASURES.map((measure) => (
          <DayCourse key={measure} sensor={sensor} measure={measure} />
        ))}
        <section>
          <h3>Recent alerts</h3>
          {alerts.length === 0 ? (
            <p>No recent alerts.</p>
          ) : (
            <AlertList alerts={alerts} newFrom={Date.now()} />
          )}
        </section>
      </div>
    </Dialog>
  )
}

function DayCourse({ sensor, measure }: { sensor: Sensor; measure: Measure }) {
  const values = seriesOf(sensor.state.day, measure)
  const [first, end] = [sensor.day[0], sensor.day.at(-1)]
  const name = `${MEASURE_WORDS[measure]}, the last 24 hours`
  const extent = `from ${formatValue(Math.min(...values), measure)} to ${formatValue(Math.max(...values), measure)}`
  if (values.length === 0) return null
  return (
    <figure className="day-course">
      <h3>{name}</h3>
      {values.length === 1 ? (
        <p>
          {formatValue(values[0], measure)} so far. The chart starts with the second average of 5 minutes.
        </p>
      ) : (
        <Sparkline
          values={values}
          width={480}
          height={110}
          label={`${name}, averages of 5 minutes: ${extent}`}
        />
      )}
      <figcaption>
        <Time value={first?.time} />
        <span>{`Averages of 5 minutes, ${extent}`}</span>
        <Time value={end?.time} />
      </figcaption>
    </figure>
  )
}
