import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  joinRequest,
  REBALANCE_MS,
  ref,
  SESSION_MS,
  SOCKETS_MS,
  startCoordinator,
} from '../testing/join-group.ts'
import { errorCodes } from '../wire/error-codes.ts'
import type { Coordinator } from './coordinator.ts'
import type { JoinResult } from './group.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const asInstance = (id: string, joined: JoinResult) => ({ ...ref(joined), groupInstanceId: id })

/** A stable group of the static members "one", which leads it, and "two"; each has its id as its assignment. */
async function joinTwoStatic(coordinator: Coordinator): Promise<{ one: JoinResult; two: JoinResult }> {
  const first = await coordinator.join('g', joinRequest('', { groupInstanceId: 'one' }))
  const joining = coordinator.join('g', joinRequest('', { groupInstanceId: 'two' }))
  const one = await coordinator.join('g', joinRequest(first.memberId, { groupInstanceId: 'one' }))
  const two = await joining
  await assignAll(coordinator, one)
  await coordinator.sync('g', { ...asInstance('two', two), assignments: [] })
  return { one, two }
}

async function assignAll(coordinator: Coordinator, leader: JoinResult): Promise<void> {
  const assignments = (leader.members ?? []).map(({ memberId, groupInstanceId }) => ({
    memberId,
    assignment: Buffer.from(groupInstanceId ?? 'dynamic'),
  }))
  await coordinator.sync('g', { ...asInstance('one', leader), assignments })
}

/** A third member joins, and the leader joins again; the member "two" is away. */
async function rebalanceWithoutTwo(coordinator: Coordinator, one: JoinResult) {
  const joining = coordinator.join('g', joinRequest())
  const leading = coordinator.join('g', joinRequest(one.memberId, { groupInstanceId: 'one' }))
  return { joining, leading }
}

describe('a static member that is away', () => {
  it('keeps its share through a rebalance that ends before its session', async () => {
    const coordinator = startCoordinator()
    const long = { groupInstanceId: 'two', sessionTimeoutMs: 60_000 }
    const one = await coordinator.join('g', joinRequest('', { groupInstanceId: 'one' }))
    const two = coordinator.join('g', joinRequest('', long))
    const leader = await coordinator.join('g', joinRequest(one.memberId, { groupInstanceId: 'one' }))
    await two
    await assignAll(coordinator, leader)

    const { leading, joining } = await rebalanceWithoutTwo(coordinator, one)
    await vi.advanceTimersByTimeAsync(REBALANCE_MS + SOCKETS_MS)
    const members = (await leading).members ?? []
    await assignAll(coordinator, await leading)
    await joining
    const back = await coordinator.join('g', joinRequest('', long))
    const synced = await coordinator.sync('g', { ...asInstance('two', back), assignments: [] })

    expect(members.map(({ groupInstanceId }) => groupInstanceId)).toEqual(['one', 'two', null])
    expect(back).toMatchObject({ errorCode: 0, generationId: 3 })
    expect(synced.assignment.toString()).toBe('two')
  })

  it('is removed when its session ends', async () => {
    const coordinator = startCoordinator()
    const { one } = await joinTwoStatic(coordinator)

    for (let beat = 0; beat < 3; beat += 1) {
      await vi.advanceTimersByTimeAsync(SESSION_MS / 2)
      coordinator.heartbeat('g', asInstance('one', one))
    }
    const alone = await coordinator.join('g', joinRequest(one.memberId, { groupInstanceId: 'one' }))

    expect(alone.members).toHaveLength(1)
  })

  it('does not lead: one that joined is elected', async () => {
    const coordinator = startCoordinator()
    const long = { groupInstanceId: 'one', sessionTimeoutMs: 60_000 }
    const away = await coordinator.join('g', joinRequest('', long))
    await coordinator.sync('g', { ...asInstance('one', away), assignments: [] })

    const joining = coordinator.join('g', joinRequest())
    await vi.advanceTimersByTimeAsync(REBALANCE_MS + SOCKETS_MS)
    const joined = await joining

    expect(joined).toMatchObject({ errorCode: 0, leader: joined.memberId })
    expect(joined.members?.map(({ groupInstanceId }) => groupInstanceId)).toEqual(['one', null])
  })

  it('leaves the group waiting if all are away, until one joins', async () => {
    const coordinator = startCoordinator()
    const long = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 10_000 }
    const first = await coordinator.join('g', joinRequest('', { ...long, groupInstanceId: 'one' }))
    await coordinator.sync('g', { ...asInstance('one', first), assignments: [] })
    const dynamic = await coordinator.join('g', joinRequest('', { ...long, requiresMemberId: true }))
    const joining = coordinator.join('g', joinRequest(dynamic.memberId, long))
    coordinator.leave('g', { memberId: dynamic.memberId, groupInstanceId: null })
    await joining
    await vi.advanceTimersByTimeAsync(10_000 + SOCKETS_MS)
    const state = coordinator.find('g')?.state

    const back = await coordinator.join('g', joinRequest('', { ...long, groupInstanceId: 'one' }))

    expect(state).toBe('PreparingRebalance')
    expect(back).toMatchObject({ errorCode: 0, leader: back.memberId })
  })
})

describe('an instance id', () => {
  it('that another member has taken fences the former one in every request', async () => {
    const coordinator = startCoordinator()
    const { two } = await joinTwoStatic(coordinator)
    const former = asInstance('two', two)
    await coordinator.join('g', joinRequest('', { groupInstanceId: 'two' }))

    const codes = [
      coordinator.heartbeat('g', former),
      coordinator.checkCommit('g', former),
      coordinator.leave('g', former),
      (await coordinator.sync('g', { ...former, assignments: [] })).errorCode,
      (await coordinator.join('g', joinRequest(two.memberId, { groupInstanceId: 'two' }))).errorCode,
    ]

    expect(codes).toEqual(Array.from({ length: 5 }, () => errorCodes.FENCED_INSTANCE_ID))
  })

  it('that no member has is that of an unknown member', async () => {
    const coordinator = startCoordinator()
    const { two } = await joinTwoStatic(coordinator)

    const code = coordinator.heartbeat('g', asInstance('three', two))

    expect(code).toBe(errorCodes.UNKNOWN_MEMBER_ID)
  })

  it('alone removes its member, as kafka-consumer-groups and admin clients ask for', async () => {
    const coordinator = startCoordinator()
    await joinTwoStatic(coordinator)

    const codes = ['two', 'three'].map((groupInstanceId) =>
      coordinator.leave('g', { memberId: '', groupInstanceId }),
    )

    expect(codes).toEqual([errorCodes.NONE, errorCodes.UNKNOWN_MEMBER_ID])
    expect(coordinator.find('g')?.members.size).toBe(1)
  })
})
