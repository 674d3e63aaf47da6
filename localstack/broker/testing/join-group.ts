import { type Coordinator, createCoordinator } from '../groups/coordinator.ts'
import type { JoinResult } from '../groups/group.ts'
import type { JoinRequest } from '../groups/join-group.ts'

export const SESSION_MS = 10_000
export const REBALANCE_MS = 30_000
/** Before a member is removed the sockets are read, which is the next turn of the event loop: 1 ms of a fake clock. */
export const SOCKETS_MS = 1

/** A coordinator without stored offsets. */
export function startCoordinator(clock?: { elapsed(): number }): Coordinator {
  const offsets = { of: () => [], removeGroup: () => {} }
  return createCoordinator({
    offsets,
    sessionTimeoutMs: { min: 6_000, max: 60_000 },
    ...(clock ? { clock } : {}),
  })
}

/** What a consumer sends to join, with some of it changed. */
export function joinRequest(memberId = '', changes: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId,
    groupInstanceId: null,
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: REBALANCE_MS,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('subscription') }],
    clientId: 'client',
    clientHost: '127.0.0.1',
    requiresMemberId: false,
    canSkipAssignment: false,
    ...changes,
  }
}

/** How a member refers to itself. */
export function ref(joined: JoinResult, generationId = joined.generationId ?? -1) {
  return { memberId: joined.memberId, groupInstanceId: null, generationId }
}

/** A stable group of one. */
export async function joinAlone(
  coordinator: Coordinator,
  changes: Partial<JoinRequest> = {},
): Promise<JoinResult> {
  const joined = await coordinator.join('g', joinRequest('', changes))
  const assignments = [{ memberId: joined.memberId, assignment: Buffer.from('all') }]
  await coordinator.sync('g', {
    ...ref(joined),
    groupInstanceId: changes.groupInstanceId ?? null,
    assignments,
  })
  return joined
}

/** A stable group of two; the first member leads it. */
export async function joinTwo(coordinator: Coordinator): Promise<[JoinResult, JoinResult]> {
  const alone = await joinAlone(coordinator)
  const joining = coordinator.join('g', joinRequest())
  const leader = await coordinator.join('g', joinRequest(alone.memberId))
  const follower = await joining
  const assignments = [leader, follower].map(({ memberId }) => ({
    memberId,
    assignment: Buffer.from(memberId),
  }))
  const synced = coordinator.sync('g', { ...ref(follower), assignments: [] })
  await coordinator.sync('g', { ...ref(leader), assignments })
  await synced
  return [leader, follower]
}
