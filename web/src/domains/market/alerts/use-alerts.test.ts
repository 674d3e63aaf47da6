import { describe, expect, it } from 'vitest'
import type { AlertRecord } from '#shared/domain/market/alert-views.ts'
import { markSeen, newlyTriggered, seenAlerts } from './use-alerts.ts'

const alert = (alertId: string, status: AlertRecord['status']): AlertRecord => ({
  alertId,
  status,
  symbol: 'ACME',
  kind: 'price-above',
  threshold: 105,
  createdAt: '',
})

describe('triggered alerts', () => {
  it('are new until they are seen', () => {
    const alerts = [alert('a', 'triggered'), alert('b', 'active'), alert('c', 'triggered')]
    expect(newlyTriggered(alerts, ['a']).map(({ alertId }) => alertId)).toEqual(['c'])
  })

  it('are forgotten as seen once they are deleted', () => {
    markSeen([alert('a', 'triggered'), alert('b', 'triggered')])
    markSeen([alert('a', 'deleted'), alert('b', 'triggered')])
    expect(seenAlerts.get().ids).toEqual(['b'])
  })
})
