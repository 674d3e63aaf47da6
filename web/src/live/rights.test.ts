import { describe, expect, it } from 'vitest'
import { ROLES } from '#shared/core/access/role.ts'
import { userChannel } from '#shared/domain/market/market-channels.ts'
import { type Deed, isAllowed, rightProblem } from './rights.ts'

const allowed = (deed: Deed, name = 'ada@example.com') =>
  ROLES.filter((role) => isAllowed({ name, role }, deed))
const orderOf = (user: string): Deed => ({ publish: 'market.order.placed', on: userChannel(user) })

describe('what the page offers', () => {
  it.each<[string, Deed, readonly string[]]>([
    [
      'events of the port, from publishers up',
      { publish: 'port.ship.arrived', on: 'port.ship' },
      ROLES.slice(1),
    ],
    ['posts, from publishers up', { publish: 'blog.post.created', on: 'blog.post' }, ROLES.slice(1)],
    ['exports, to everybody', 'export', ROLES],
    ['steps of a case, from operators up', 'move.port.acknowledge', ['operator', 'admin']],
    ['deleting, to admins', 'move.port.delete', ['admin']],
    ['the audit trail, to admins', 'audit.read', ['admin']],
    ['what only the pipeline writes, to nobody', { publish: 'tidewire.stats', on: 'tidewire.stats' }, []],
  ])('%s', (_, deed, roles) => {
    expect(allowed(deed)).toEqual(roles)
  })

  it('orders and alerts, to everybody in their own name, and to nobody in another', () => {
    expect(allowed(orderOf('ada@example.com'))).toEqual(ROLES)
    expect(allowed(orderOf('bob@example.com'))).toEqual([])
  })

  it('nothing to a user without a role', () => {
    expect(isAllowed({ name: 'ada', role: null }, 'read')).toBe(false)
  })
})

describe('what the page says of what it does not offer', () => {
  it('names the role that it takes', () => {
    expect(rightProblem({ name: 'ada', role: 'viewer' }, 'move.port.start')).toBe(
      'This takes the role operator; yours is viewer.',
    )
    expect(
      rightProblem({ name: 'ada', role: 'viewer' }, { publish: 'port.ship.arrived', on: 'port.ship' }),
    ).toContain('takes the role publisher')
    expect(rightProblem({ name: 'ada', role: null }, 'read')).toContain('yours is none')
  })

  it('says it if no role can', () => {
    expect(rightProblem({ name: 'ada', role: 'admin' }, { publish: 'x', on: 'tidewire.stats' })).toBe(
      'Nobody may do this here.',
    )
  })

  it('is nothing for what a user may do', () => {
    expect(rightProblem({ name: 'ada', role: 'viewer' }, 'read')).toBeNull()
  })
})
