import { describe, expect, it } from 'vitest'
import type { SensorAlert } from '#shared/domain/sensors/recent-alerts-view.ts'
import { lastingConditions } from './lasting-conditions.ts'

const NOW = Date.parse('2026-03-01T10:00:00Z')
const alert = (id: string, kind: SensorAlert['kind'], secondsAgo: number, limit = 35): SensorAlert => ({
  ...{ id, kind, limit, sensorId: 'quay-1', location: null, reason: null },
  time: new Date(NOW - secondsAgo * 1000).toISOString(),
})

describe('lasting conditions', () => {
  it('are those whose last word is an alert, each limit for itself', () => {
    const alerts = [
      alert('d', 'recovered', 1, 90),
      alert('c', 'alert', 5),
      alert('b', 'alert', 9, 90),
      alert('a', 'alert', 30),
    ]
    expect(lastingConditions(alerts, NOW).map(({ id }) => id)).toEqual(['c'])
  })

  it('end when nobody told of them for ten minutes', () => {
    expect(lastingConditions([alert('a', 'alert', 599)], NOW)).toHaveLength(1)
    expect(lastingConditions([alert('a', 'alert', 600)], NOW)).toHaveLength(0)
  })
})
