import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  joinAlone,
  joinRequest,
  joinTwo,
  ref,
  SESSION_MS,
  SOCKETS_MS,
  startCoordinator,
} from '../testing/join-group.ts'
import { errorCodes } from '../wire/error-codes.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('joining a group', () => {
  it('makes the first member the leader of generation 1 and returns its own assignment to it', async () => {
    const coordinator = startCoordinator()

    const joined = await coordinator.join('g', joinRequest())
    const assignments = [{ memberId: joined.memberId, assignment: Buffer.from('all') }]
    const synced = await coordinator.sync('g', { ...ref(joined), assignments })

    expect(joined).toMatchObject({
      errorCode: 0,
      generationId: 1,
      leader: joined.memberId,
      protocolName: 'range',
    })
    expect(joined.members).toHaveLength(1)
    expect(synced).toMatchObject({ errorCode: 0, assignment: Buffer.from('all') })
    expect(coordinator.find('g')?.state).toBe('Stable')
  })

  it('first returns an id to a new member if the version requires it', async () => {
    const coordinator = startCoordinator()

    const refused = await coordinator.join('g', joinRequest('', { requiresMemberId: true }))
    const joined = await coordinator.join('g', joinRequest(refused.memberId, { requiresMemberId: true }))

    expect(refused.errorCode).toBe(errorCodes.MEMBER_ID_REQUIRED)
    expect(joined).toMatchObject({ errorCode: 0, memberId: refused.memberId })
  })

  it('removes an id that no member joins with, and completes the rebalance without it', async () => {
    const coordinator = startCoordinator()
    const refused = await coordinator.join('g', joinRequest('', { requiresMemberId: true }))
    const joining = coordinator.join('g', joinRequest())

    await vi.advanceTimersByTimeAsync(SESSION_MS + SOCKETS_MS)

    expect((await joining).generationId).toBe(1)
    const late = await coordinator.join('g', joinRequest(refused.memberId))
    expect(late.errorCode).toBe(errorCodes.UNKNOWN_MEMBER_ID)
  })

  it('reports a rebalance in the heartbeat and starts a generation when all members have joined', async () => {
    const coordinator = startCoordinator()
    const alone = await joinAlone(coordinator)

    const joining = coordinator.join('g', joinRequest())
    const heartbeat = coordinator.heartbeat('g', ref(alone))
    const leader = await coordinator.join('g', joinRequest(alone.memberId))
    const follower = await joining

    expect(heartbeat).toBe(errorCodes.REBALANCE_IN_PROGRESS)
    expect([leader.generationId, follower.generationId]).toEqual([2, 2])
    expect(leader.members).toHaveLength(2)
    expect(follower).toMatchObject({ leader: leader.memberId, members: [] })
  })

  it('does not rebalance when a follower repeats its join', async () => {
    const coordinator = startCoordinator()
    const [leader, follower] = await joinTwo(coordinator)

    const repeated = await coordinator.join('g', joinRequest(follower.memberId))

    expect(repeated).toMatchObject({ errorCode: 0, generationId: 2 })
    expect(coordinator.heartbeat('g', ref(leader))).toBe(errorCodes.NONE)
  })

  it('refuses members without a common protocol, bad session timeouts and groups without a name', async () => {
    const coordinator = startCoordinator()
    await joinAlone(coordinator)
    const sticky = [{ name: 'sticky', metadata: Buffer.alloc(0) }]

    const results = await Promise.all([
      coordinator.join('g', joinRequest('', { protocols: sticky })),
      coordinator.join('g', joinRequest('', { protocolType: 'connect' })),
      coordinator.join('g', joinRequest('', { sessionTimeoutMs: 5_999 })),
      coordinator.join('', joinRequest()),
    ])

    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      errorCodes.INCONSISTENT_GROUP_PROTOCOL,
      errorCodes.INCONSISTENT_GROUP_PROTOCOL,
      errorCodes.INVALID_SESSION_TIMEOUT,
      errorCodes.INVALID_GROUP_ID,
    ])
  })

  it('lets a static member come back without a rebalance, and fences its former id', async () => {
    const coordinator = startCoordinator()
    const instance = { groupInstanceId: 'one' }
    const former = await joinAlone(coordinator, instance)

    const back = await coordinator.join('g', joinRequest('', { ...instance, canSkipAssignment: true }))

    expect(back).toMatchObject({ errorCode: 0, generationId: 1, leader: back.memberId, skipAssignment: true })
    const asFormer = { ...ref(former), ...instance }
    expect(coordinator.heartbeat('g', asFormer)).toBe(errorCodes.FENCED_INSTANCE_ID)
    const synced = await coordinator.sync('g', { ...ref(back), ...instance, assignments: [] })
    expect(synced.assignment).toEqual(Buffer.from('all'))
  })
})
