import { expect, test } from 'vitest'
import { ACTIONS } from '#shared/core/access/policy.ts'
import { isAtLeast } from '#shared/core/access/principal.ts'
import { ROLES } from '#shared/core/access/role.ts'
import { type CaseMove, type CaseStatus, MOVE_TYPES, openCase } from '#shared/domain/port/case.ts'
import { assumeMove, maySteer, moveProblem, nextStep } from './moves.ts'

const opened = openCase({ id: 'e1', source: '/t', type: 'port.ship.arrived', category: 'port.ship' })

test('one step leads to the next, until nothing is left to do', () => {
  const steps = (['new', 'acknowledged', 'in-progress', 'resolved', 'closed'] as const).map(
    (status) => nextStep({ status, isDeleted: false })?.move,
  )
  expect(steps).toEqual(['acknowledge', 'start', 'resolve', 'close', undefined])
  expect(nextStep({ status: 'new', isDeleted: true })).toBeNull()
})

test('says beforehand what the server would refuse', () => {
  expect(moveProblem(opened, 'acknowledge', 'operator')).toBeNull()
  expect(moveProblem(opened, 'resolve', 'operator')).toContain('only an event in progress can be resolved')
  expect(moveProblem(opened, 'acknowledge', 'viewer')).toBe('This takes the role operator; yours is viewer.')
  expect(moveProblem(opened, 'delete', 'operator')).toBe('This takes the role admin; yours is operator.')
  expect(moveProblem(opened, 'read', 'viewer')).toBeNull()
})

/** The status that a move needs, so that only the role can be a reason against it. */
const NEEDED: { readonly [move in CaseMove]?: CaseStatus } = {
  start: 'acknowledged',
  resolve: 'in-progress',
  close: 'resolved',
}
const MOVES = Object.keys(MOVE_TYPES) as CaseMove[]

test.each(ROLES)('offers the role %s exactly the moves that the server accepts from it', (role) => {
  const offered = MOVES.filter(
    (move) => moveProblem({ ...opened, status: NEEDED[move] ?? 'new' }, move, role) === null,
  )
  expect(offered).toEqual(MOVES.filter((move) => isAtLeast(role, ACTIONS[`move.port.${move}`])))
})

test('offers a publisher nothing but reading', () => {
  expect(MOVES.filter((move) => moveProblem(opened, move, 'publisher') === null)).toEqual(['read'])
  expect(moveProblem(opened, 'assign', 'publisher')).toBe('This takes the role operator; yours is publisher.')
  expect(ROLES.filter(maySteer)).toEqual(['operator', 'admin'])
  expect(maySteer(null)).toBe(false)
})

test('assumes of a move what the fold will make of it', () => {
  expect(assumeMove(opened, 'acknowledge', 'anna', {})).toEqual({ status: 'acknowledged', statusBy: 'anna' })
  expect(assumeMove(opened, 'assign', 'anna', { assignee: 'bert' })).toEqual({ assignee: 'bert' })
  expect(assumeMove(opened, 'read', 'anna', {})).toEqual({ readBy: ['anna'] })
  expect(assumeMove(opened, 'close', 'anna', {})).toEqual({})
})
