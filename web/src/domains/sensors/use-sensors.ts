import { useMemo } from 'react'
import { foldText } from '#shared/core/text/fold-text.ts'
import { type SensorReport, type SensorState, sensorView } from '#shared/domain/sensors/sensor-view.ts'
import { sensorsViews } from '#shared/domain/sensors/sensors-views.ts'
import { type LiveView, useView } from '#web/live/use-view.tsx'
import { useNow } from '#web/ui/state/use-now.ts'
import { type Health, healthOf } from './readings.ts'

export type Sensor = SensorReport & {
  readonly health: Health
  /** The state of the fold: the same object until the next reading. */
  readonly state: SensorState
}

/** All sensors, live, with their current health. */
export function useSensors(): LiveView<SensorState> & { readonly sensors: readonly Sensor[] } {
  const view = useView(sensorsViews, 'sensors')
  const reports = useMemo(
    () =>
      [...view.states].map(([key, state]) => ({
        state,
        ...(sensorView.present?.(state, 0, key) as SensorReport),
      })),
    [view.states],
  )
  const now = useNow()
  return {
    ...view,
    sensors: reports.map((report) => ({ ...report, health: healthOf(report.state, report.status, now) })),
  }
}

type Listed = { readonly sensorId: string; readonly location: string | null; readonly health: Health }
/** The filter in the address. `attention`: every sensor that is not normal, including silent ones. */
type SensorFilter = { readonly show: string; readonly find: string }

/** Returns the sensors that match a filter, by place and name. */
export function filterSensors<Sensor extends Listed>(
  sensors: readonly Sensor[],
  { show, find }: SensorFilter,
): Sensor[] {
  const wanted = foldText(find.trim())
  return sensors
    .filter(({ health }) => show === '' || (show === 'silent' ? health === 'silent' : health !== 'ok'))
    .filter(({ sensorId, location }) => foldText(`${sensorId} ${location ?? ''}`).includes(wanted))
    .sort(byPlace)
}

/** Compares by place, then by name; sensors without a place come last. */
function byPlace(one: Listed, two: Listed): number {
  if (one.location === null || two.location === null)
    return (
      Number(one.location === null) - Number(two.location === null) ||
      one.sensorId.localeCompare(two.sensorId)
    )
  return one.location.localeCompare(two.location) || one.sensorId.localeCompare(two.sensorId)
}
