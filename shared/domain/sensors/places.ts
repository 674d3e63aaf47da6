/** A sensor at its place, and what it measures there on an ordinary day. */
type Place = {
  readonly sensorId: string
  readonly location: string
  /** Mean of a day, in degrees Celsius, and how far the afternoon is above it. */
  readonly meanCelsius: number
  readonly swingCelsius: number
  readonly meanPercent: number
}

/** The five sensors that the simulator speaks for. Any other sensor may report too. */
export const PLACES: readonly Place[] = [
  { sensorId: 'quay-1', location: 'North quay', meanCelsius: 14, swingCelsius: 6, meanPercent: 72 },
  { sensorId: 'reefer-2', location: 'Reefer stacks', meanCelsius: 4, swingCelsius: 1.5, meanPercent: 55 },
  { sensorId: 'yard-3', location: 'Container yard', meanCelsius: 17, swingCelsius: 9, meanPercent: 58 },
  { sensorId: 'shed-4', location: 'Grain shed', meanCelsius: 21, swingCelsius: 3, meanPercent: 48 },
  { sensorId: 'tower-5', location: 'Control tower', meanCelsius: 22, swingCelsius: 2, meanPercent: 42 },
]

/** Where a sensor stands whose readings do not say so; null for one that nobody has listed. */
export function locationOf(sensorId: string): string | null {
  return PLACES.find((place) => place.sensorId === sensorId)?.location ?? null
}
