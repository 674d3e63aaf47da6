import { describe, expect, it } from 'vitest'
import { filterSensors } from './use-sensors.ts'

const sensors = [
  { sensorId: 'yard-3', location: 'Container yard', health: 'ok' },
  { sensorId: 'x-9', location: null, health: 'silent' },
  { sensorId: 'quay-1', location: 'North quay', health: 'hot' },
] as const
const names = (show: string, find = '') =>
  filterSensors(sensors, { show, find }).map(({ sensorId }) => sensorId)

describe('filtering sensors', () => {
  it('sorts by place, sensors without one last', () => {
    expect(names('')).toEqual(['yard-3', 'quay-1', 'x-9'])
  })

  it('finds what needs attention, and what is silent', () => {
    expect(names('attention')).toEqual(['quay-1', 'x-9'])
    expect(names('silent')).toEqual(['x-9'])
  })

  it('searches in names and places', () => {
    expect(names('', ' QUAY ')).toEqual(['quay-1'])
    expect(names('', 'container')).toEqual(['yard-3'])
    expect(names('attention', 'yard')).toEqual([])
  })
})
