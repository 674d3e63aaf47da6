import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  joinAlone,
  joinRequest,
  joinTwo,
  REBALANCE_MS,
  ref,
  SESSION_MS,
  SOCKETS_MS,
  startCoordinator,
} from '../testing/join-group.ts'
import { errorCodes } from '../wire/error-codes.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('membership of a group', () => {
  it('refuses requests of another generation and of unknown members', async () => {
    const coordinator = startCoordinator()
    const [leader] = await joinTwo(coordinator)
    const stale = ref(leader, 1)
    const stranger = { ...ref(leader), memberId: 'stranger' }

    expect(coordinator.heartbeat('g', stale)).toBe(errorCodes.ILLEGAL_GENERATION)
    expect(coordinator.checkCommit('g', stale)).toBe(errorCodes.ILLEGAL_GENERATION)
    expect((await coordinator.sync('g', { ...stale, assignments: [] })).errorCode).toBe(
      errorCodes.ILLEGAL_GENERATION,
    )
    expect(coordinator.heartbeat('g', stranger)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    expect(coordinator.checkCommit('g', stranger)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    expect(coordinator.leave('g', stranger)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    expect(coordinator.heartbeat('elsewhere', ref(leader))).toBe(errorCodes.UNKNOWN_MEMBER_ID)
  })

  it('removes a member whose requests stop for its session timeout', async () => {
    const coordinator = startCoordinator()
    const [leader, follower] = await joinTwo(coordinator)

    for (let beat = 0; beat < 3; beat += 1) {
      await vi.advanceTimersByTimeAsync(SESSION_MS / 2)
      coordinator.heartbeat('g', ref(leader))
    }

    expect(coordinator.heartbeat('g', ref(leader))).toBe(errorCodes.REBALANCE_IN_PROGRESS)
    expect(coordinator.heartbeat('g', ref(follower))).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    expect(await coordinator.join('g', joinRequest(leader.memberId))).toMatchObject({
      errorCode: 0,
      generationId: 3,
    })
  })

  it.each([
    { what: 'of ten minutes', stalledMs: 600_000 },
    { what: 'of seconds', stalledMs: 2_000 },
  ])(
    'gives members another session after a stall $what of the broker itself, and removes those that stay silent',
    async ({ stalledMs }) => {
      let stalled = 0
      const coordinator = startCoordinator({ elapsed: () => performance.now() + stalled })
      const [leader, follower] = await joinTwo(coordinator)

      stalled = stalledMs
      await vi.advanceTimersByTimeAsync(SESSION_MS)
      const afterStall = [leader, follower].map((member) => coordinator.heartbeat('g', ref(member)))
      await vi.advanceTimersByTimeAsync(SESSION_MS - 1)
      coordinator.heartbeat('g', ref(leader))
      await vi.advanceTimersByTimeAsync(1 + SOCKETS_MS)

      expect(afterStall).toEqual([errorCodes.NONE, errorCodes.NONE])
      expect(coordinator.heartbeat('g', ref(leader))).toBe(errorCodes.REBALANCE_IN_PROGRESS)
      expect(coordinator.heartbeat('g', ref(follower))).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    },
  )

  it('waits for the members of a rebalance again after a stall', async () => {
    let stalled = 0
    const coordinator = startCoordinator({ elapsed: () => performance.now() + stalled })
    const [leader, follower] = await joinTwo(coordinator)
    const joining = coordinator.join('g', joinRequest())
    const rejoining = coordinator.join('g', joinRequest(leader.memberId))

    stalled = 600_000
    for (let waited = 0; waited < REBALANCE_MS; waited += 5_000) {
      await vi.advanceTimersByTimeAsync(5_000)
      coordinator.heartbeat('g', ref(follower))
    }
    const late = await coordinator.join('g', joinRequest(follower.memberId))

    expect([late, await joining, await rejoining].map(({ generationId }) => generationId)).toEqual([3, 3, 3])
    expect((await rejoining).members).toHaveLength(3)
  })

  it('is not disturbed by a wall clock that is set', async () => {
    const coordinator = startCoordinator()
    const [leader] = await joinTwo(coordinator)

    vi.setSystemTime(Date.now() + 3_600_000)
    await vi.advanceTimersByTimeAsync(SESSION_MS / 2)
    vi.setSystemTime(Date.now() - 7_200_000)

    expect(coordinator.heartbeat('g', ref(leader))).toBe(errorCodes.NONE)
  })

  it('removes members that do not join again within the rebalance timeout', async () => {
    const coordinator = startCoordinator()
    const [leader, follower] = await joinTwo(coordinator)
    const joining = coordinator.join('g', joinRequest())
    const rejoining = coordinator.join('g', joinRequest(leader.memberId))

    for (let waited = 0; waited < REBALANCE_MS; waited += 5_000) {
      coordinator.heartbeat('g', ref(follower))
      await vi.advanceTimersByTimeAsync(5_000)
    }
    await vi.advanceTimersByTimeAsync(SOCKETS_MS)

    expect((await joining).generationId).toBe(3)
    expect((await rejoining).members).toHaveLength(2)
    expect(coordinator.heartbeat('g', ref(follower))).toBe(errorCodes.UNKNOWN_MEMBER_ID)
  })

  it('rebalances at once when a member leaves, and elects a new leader', async () => {
    const coordinator = startCoordinator()
    const [leader, follower] = await joinTwo(coordinator)

    const left = coordinator.leave('g', ref(leader))
    const alone = await coordinator.join('g', joinRequest(follower.memberId))

    expect(left).toBe(errorCodes.NONE)
    expect(alone).toMatchObject({ generationId: 3, leader: follower.memberId })
  })

  it('returns REBALANCE_IN_PROGRESS to waiting followers when the leader disappears before it has assigned', async () => {
    const coordinator = startCoordinator()
    const alone = await joinAlone(coordinator)
    const joining = coordinator.join('g', joinRequest())
    await coordinator.join('g', joinRequest(alone.memberId))
    const syncing = coordinator.sync('g', { ...ref(await joining), assignments: [] })

    await vi.advanceTimersByTimeAsync(SESSION_MS + SOCKETS_MS)

    expect((await syncing).errorCode).toBe(errorCodes.REBALANCE_IN_PROGRESS)
  })

  it('refuses commits while the leader assigns, and commits without a member unless the group is empty', async () => {
    const coordinator = startCoordinator()
    const outside = { memberId: '', groupInstanceId: null, generationId: -1 }

    expect(coordinator.checkCommit('g', outside)).toBe(errorCodes.NONE)
    const joined = await coordinator.join('g', joinRequest())
    expect(coordinator.checkCommit('g', ref(joined))).toBe(errorCodes.REBALANCE_IN_PROGRESS)
    expect(coordinator.checkCommit('g', outside)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    coordinator.leave('g', ref(joined))
    expect(coordinator.checkCommit('g', outside)).toBe(errorCodes.NONE)
  })

  it('deletes empty groups only', async () => {
    const coordinator = startCoordinator()
    const joined = await joinAlone(coordinator)

    expect(coordinator.remove('g')).toBe(errorCodes.NON_EMPTY_GROUP)
    coordinator.leave('g', ref(joined))
    expect(coordinator.remove('g')).toBe(errorCodes.NONE)
    expect(coordinator.remove('g')).toBe(errorCodes.GROUP_ID_NOT_FOUND)
  })
})
