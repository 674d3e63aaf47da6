import { useMemo } from 'react'
import { type SensorReport, type SensorState, sensorView } from '#shared/domain/sensors/sensor-view.ts'
import { sensorsViews } from '#shared/domain/sensors/sensors-views.ts'
import { type LiveView, useView } from '#web/live/use-view.tsx'
import { useNow } from '#web/ui/state/use-now.ts'
import { type Health, healthOf } from './say-reading.ts'

export type Sensor = SensorReport & {
  readonly health: Health
  /** As the fold has it: the same object until the next reading. */
  readonly state: SensorState
}

/** All sensors, live, with their health as of now. */
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
