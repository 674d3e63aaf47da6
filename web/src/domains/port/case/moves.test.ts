import { expect, test } from 'vitest'
import { openCase } from '#shared/domain/port/case.ts'
import { assumeMove, nextStep, refuseMove } from './moves.ts'

const opened = openCase({ id: 'e1', source: '/t', type: 'port.ship.arrived', category: 'port.ship' })

test('one step leads to the next, until nothing is left to do', () => {
  const steps = (['new', 'acknowledged', 'in-progress', 'resolved', 'closed'] as const).map(
    (status) => nextStep({ status, isDeleted: false })?.move,
  )
  expect(steps).toEqual(['acknowledge', 'start', 'resolve', 'close', undefined])
  expect(nextStep({ status: 'new', isDeleted: true })).toBeNull()
})

test('says beforehand what the server would refuse', () => {
  expect(refuseMove(opened, 'acknowledge', 'operator')).toBeNull()
  expect(refuseMove(opened, 'resolve', 'operator')).toContain('only an event in progress can be resolved')
  expect(refuseMove(opened, 'acknowledge', 'viewer')).toBe(
    'Your role (viewer) may look, but not acknowledge events.',
  )
  expect(refuseMove(opened, 'delete', 'operator')).toBe('Only administrators may delete events.')
  expect(refuseMove(opened, 'read', 'viewer')).toBeNull()
})

test('assumes of a move what the fold will make of it', () => {
  expect(assumeMove(opened, 'acknowledge', 'anna', {})).toEqual({ status: 'acknowledged', statusBy: 'anna' })
  expect(assumeMove(opened, 'assign', 'anna', { assignee: 'bert' })).toEqual({ assignee: 'bert' })
  expect(assumeMove(opened, 'read', 'anna', {})).toEqual({ readBy: ['anna'] })
  expect(assumeMove(opened, 'close', 'anna', {})).toEqual({})
})
