import { MEASURES, type Measure } from '#shared/domain/sensors/read-reading.ts'
import { sensorsViews } from '#shared/domain/sensors/sensors-views.ts'
import { useView } from '#web/live/use-view.tsx'
import { Badge } from '#web/ui/data/badge.tsx'
import { formatNumber } from '#web/ui/data/format.ts'
import { Sparkline } from '#web/ui/data/sparkline.tsx'
import { Age, Time } from '#web/ui/data/times.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { AlertList } from './alert-feed.tsx'
import { HEALTH, MEASURE_WORDS, sayValue, seriesOf } from './say-reading.ts'
import type { Sensor } from './use-sensors.ts'

/** One sensor: the course of its last 24 hours, and its alerts. */
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
              Read <Age of={last.time} />.
            </>
          )}{' '}
          {`${formatNumber(readings)} readings${late === 0 ? '' : `, ${formatNumber(late)} of them too late for the average`}.`}
        </p>
        {MEASURES.map((measure) => (
          <DayCourse key={measure} sensor={sensor} measure={measure} />
        ))}
        <section>
          <h3>Its last alerts</h3>
          {alerts.length === 0 ? (
            <p>There were none lately.</p>
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
  const extent = `from ${sayValue(Math.min(...values), measure)} to ${sayValue(Math.max(...values), measure)}`
  if (values.length === 0) return null
  return (
    <figure className="day-course">
      <h3>{name}</h3>
      {values.length === 1 ? (
        <p>{sayValue(values[0], measure)} so far: the course begins with the second 5 minutes.</p>
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
