import { describe, expect, it } from 'vitest'
import type { SensorAlert } from '#shared/domain/sensors/sensors-views.ts'
import { activeAlerts } from './panel.ts'

const NOW = Date.parse('2026-03-01T10:00:00Z')
const alert = (id: string, kind: SensorAlert['kind'], secondsAgo: number, limit = 35): SensorAlert => ({
  id,
  kind,
  limit,
  sensorId: 'quay-1',
  location: null,
  reason: null,
  time: new Date(NOW - secondsAgo * 1000).toISOString(),
})

describe('active alerts', () => {
  it('are those without a later recovery, for each limit by itself', () => {
    const alerts = [
      alert('d', 'recovered', 1, 90),
      alert('c', 'alert', 5),
      alert('b', 'alert', 9, 90),
      alert('a', 'alert', 30),
    ]
    expect(activeAlerts(alerts, NOW).map(({ id }) => id)).toEqual(['c'])
  })

  it('end when they were not repeated for ten minutes', () => {
    expect(activeAlerts([alert('a', 'alert', 599)], NOW)).toHaveLength(1)
    expect(activeAlerts([alert('a', 'alert', 600)], NOW)).toHaveLength(0)
  })
})
