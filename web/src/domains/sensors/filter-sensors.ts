import type { Health } from './say-reading.ts'

type Listed = { readonly sensorId: string; readonly location: string | null; readonly health: Health }
/** What the address asks for. `attention`: what is not in order, silent ones among it. */
export type SensorFilter = { readonly show: string; readonly find: string }

/** The sensors that a filter lets through, by place and name. */
export function filterSensors<Sensor extends Listed>(
  sensors: readonly Sensor[],
  { show, find }: SensorFilter,
): Sensor[] {
  const wanted = find.trim().toLowerCase()
  return sensors
    .filter(({ health }) => show === '' || (show === 'silent' ? health === 'silent' : health !== 'ok'))
    .filter(({ sensorId, location }) => `${sensorId} ${location ?? ''}`.toLowerCase().includes(wanted))
    .sort(byPlace)
}

/** By place, then by name; those without a place come last. */
function byPlace(one: Listed, two: Listed): number {
  if (one.location === null || two.location === null)
    return (
      Number(one.location === null) - Number(two.location === null) ||
      one.sensorId.localeCompare(two.sensorId)
    )
  return one.location.localeCompare(two.location) || one.sensorId.localeCompare(two.sensorId)
}
