import { expect, it } from 'vitest'
import { nameEpoch, renewalTime } from '#shared/pipeline/history/topic-state.ts'
import type { StoredEvent, Subscription } from '#shared/pipeline/ports.ts'
import { matchEvents } from './push-events.ts'

const subscription = (id: string, registration: number): Subscription => ({
  connection: `c-${id}`,
  id,
  attempt: 1,
  registration,
  channels: ['a'],
  behind: false,
  reader: { name: 'ada', role: 'viewer', issued: 0 },
})
const stored = (renewed?: number): StoredEvent => ({
  topic: 'events',
  partition: 0,
  offset: 0,
  timestamp: 1,
  ...(renewed !== undefined && { renewed }),
  event: { specversion: '1.0', id: '1', source: '/', type: 'a', category: 'a' },
})

it('a subscription from before a topic was created again must resume; a later one gets its events', () => {
  const renewed = renewalTime(nameEpoch(1_000_000, 0.5, nameEpoch(1, 0.5))) ?? 0
  const [old, fresh] = [subscription('old', renewed - 60_000), subscription('fresh', renewed + 60_000)]

  const { deliveries, behind } = matchEvents([stored(renewed)], new Map([['a', [old, fresh]]]), () => false)

  expect(renewed).toBe(1_000_000)
  expect(behind).toEqual([old])
  expect(deliveries.map(({ connection }) => connection)).toEqual(['c-fresh'])
})

it('in the first epoch of a topic no subscription must resume', () => {
  const one = subscription('one', 5)

  const { deliveries, behind } = matchEvents([stored()], new Map([['a', [one]]]), () => false)

  expect(renewalTime(nameEpoch(1_000_000, 0.5))).toBeNull()
  expect([deliveries.length, behind]).toEqual([1, []])
})

it('epochs sort by time, whatever their random part is', () => {
  const first = nameEpoch(5000, 0.999)
  const second = nameEpoch(4000, 0, first)
  const third = nameEpoch(9000, 0, second)

  expect([third, second, first].sort()).toEqual([first, second, third])
})
