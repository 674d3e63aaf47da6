import { type Clock, systemClock } from '../../clock.ts'
import type { OffsetStore } from '../storage/offset-store.ts'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import {
  createGroup,
  type Group,
  isFenced,
  type JoinResult,
  type MemberRef,
  NO_ASSIGNMENT,
  removeMember,
  removePending,
  respondToSync,
  restartSession,
  type SyncResult,
} from './group.ts'
import { type JoinRequest, joinGroup } from './join-group.ts'
import { createTimers } from './start-timer.ts'

type GenerationRef = MemberRef & { generationId: number }

type SyncRequest = GenerationRef & { assignments: readonly { memberId: string; assignment: Buffer }[] }

/** Coordinates consumer groups of the classic protocol, by Kafka's rules. Membership is lost in a restart. */
export type Coordinator = {
  find(groupId: string): Group | undefined
  list(): Group[]
  hasMembers(groupId: string): boolean
  join(groupId: string, request: JoinRequest): Promise<JoinResult>
  sync(groupId: string, request: SyncRequest): Promise<SyncResult>
  heartbeat(groupId: string, member: GenerationRef): ErrorCode
  leave(groupId: string, member: MemberRef): ErrorCode
  /** Whether this member may commit now. A request without a member may commit while the group is empty. */
  checkCommit(groupId: string, member: GenerationRef): ErrorCode
  /** Removes a group without members, and its offsets. */
  remove(groupId: string): ErrorCode
  /** Removes the groups that have neither members nor offsets. */
  dropUnused(): void
  close(): void
}

export function createCoordinator(options: {
  offsets: Pick<OffsetStore, 'of' | 'removeGroup'>
  /** Bounds of session timeouts, ms. */
  sessionTimeoutMs: { min: number; max: number }
  clock?: Pick<Clock, 'elapsed'>
}): Coordinator {
  const { offsets, sessionTimeoutMs, clock = systemClock } = options
  const startTimer = createTimers(clock.elapsed)
  const groups = new Map<string, Group>()
  const groupOf = (id: string): Group => {
    const group = groups.get(id) ?? createGroup(id, startTimer)
    groups.set(id, group)
    return group
  }

  return {
    find: (groupId) => groups.get(groupId),
    list: () => [...groups.values()],
    hasMembers: (groupId) => (groups.get(groupId)?.members.size ?? 0) > 0,
    join(groupId, request) {
      const { memberId } = request
      const timeout = request.sessionTimeoutMs
      if (groupId === '') return Promise.resolve({ errorCode: errorCodes.INVALID_GROUP_ID, memberId })
      if (timeout < sessionTimeoutMs.min || timeout > sessionTimeoutMs.max) {
        return Promise.resolve({ errorCode: errorCodes.INVALID_SESSION_TIMEOUT, memberId })
      }
      return new Promise((resolve) => joinGroup(groupOf(groupId), request, resolve))
    },
    sync: (groupId, request) => new Promise((resolve) => syncGroup(groups.get(groupId), request, resolve)),
    heartbeat: (groupId, member) => heartbeat(groups.get(groupId), member),
    leave: (groupId, member) => leaveGroup(groups.get(groupId), member),
    checkCommit: (groupId, member) => checkCommit(groups.get(groupId), member),
    remove(groupId) {
      const group = groups.get(groupId)
      if (group && group.state !== 'Empty') return errorCodes.NON_EMPTY_GROUP
      if (!group && offsets.of(groupId).length === 0) return errorCodes.GROUP_ID_NOT_FOUND
      groups.delete(groupId)
      offsets.removeGroup(groupId)
      return errorCodes.NONE
    },
    dropUnused() {
      for (const [id, group] of groups) {
        const isUnused = group.state === 'Empty' && group.pending.size === 0 && offsets.of(id).length === 0
        if (isUnused) groups.delete(id)
      }
    },
    close() {
      for (const group of groups.values()) stopTimers(group)
      groups.clear()
    },
  }
}

function stopTimers(group: Group): void {
  group.rebalance?.cancel()
  for (const timer of group.pending.values()) timer.cancel()
  for (const member of group.members.values()) member.session?.cancel()
}

/** Waits for a member's assignment. Calls `respond` once, when the leader has assigned or the request fails. */
function syncGroup(
  group: Group | undefined,
  request: SyncRequest,
  respond: (result: SyncResult) => void,
): void {
  const errorCode = checkGeneration(group, request)
  const member = group?.members.get(request.memberId)
  if (errorCode !== errorCodes.NONE || !group || !member) respond({ errorCode, assignment: NO_ASSIGNMENT })
  else if (group.state === 'PreparingRebalance') {
    respond({ errorCode: errorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT })
  } else {
    member.respondToSync = respond
    if (group.state === 'CompletingRebalance' && group.leader === member.id) assign(group, request)
    if (group.state === 'Stable') respondToAllSyncs(group)
  }
}

function assign(group: Group, { assignments }: SyncRequest): void {
  for (const { memberId, assignment } of assignments) {
    const assigned = group.members.get(memberId)
    if (assigned) assigned.assignment = Buffer.from(assignment)
  }
  group.state = 'Stable'
}

function respondToAllSyncs(group: Group): void {
  const { protocolType, protocol: protocolName } = group
  for (const waiting of group.members.values()) {
    const { assignment } = waiting
    respondToSync(group, waiting, { errorCode: errorCodes.NONE, protocolType, protocolName, assignment })
  }
}

/** Restarts a member's session and reports a rebalance. */
function heartbeat(group: Group | undefined, ref: GenerationRef): ErrorCode {
  const errorCode = checkGeneration(group, ref)
  const member = group?.members.get(ref.memberId)
  if (errorCode !== errorCodes.NONE || !group || !member) return errorCode
  restartSession(group, member)
  return group.state === 'PreparingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : errorCodes.NONE
}

/** Removes a member at once. An operator names a static member by its instance id alone. */
function leaveGroup(group: Group | undefined, ref: MemberRef): ErrorCode {
  if (group?.pending.has(ref.memberId)) {
    removePending(group, ref.memberId)
    return errorCodes.NONE
  }
  const memberId = ref.memberId || (group?.instances.get(ref.groupInstanceId ?? '') ?? '')
  const errorCode = checkMember(group, { ...ref, memberId })
  if (group && errorCode === errorCodes.NONE) removeMember(group, memberId)
  return errorCode
}

function checkCommit(group: Group | undefined, ref: GenerationRef): ErrorCode {
  const isMember = ref.generationId >= 0
  if (!group) return isMember ? errorCodes.ILLEGAL_GENERATION : errorCodes.NONE
  if (!isMember && group.state === 'Empty') return errorCodes.NONE
  const errorCode = checkGeneration(group, ref)
  const member = group.members.get(ref.memberId)
  if (errorCode !== errorCodes.NONE || !member) return errorCode
  if (group.state === 'CompletingRebalance') return errorCodes.REBALANCE_IN_PROGRESS
  restartSession(group, member)
  return errorCodes.NONE
}

/** Whether the group has this member, and under the instance id that it names (KIP-345). */
function checkMember(group: Group | undefined, member: MemberRef): ErrorCode {
  if (group && isFenced(group, member)) return errorCodes.FENCED_INSTANCE_ID
  const found = group?.members.get(member.memberId)
  const isKnown = found && (member.groupInstanceId === null || found.instanceId === member.groupInstanceId)
  return isKnown ? errorCodes.NONE : errorCodes.UNKNOWN_MEMBER_ID
}

/** Also checks that the member has joined the current generation. */
function checkGeneration(group: Group | undefined, member: GenerationRef): ErrorCode {
  const errorCode = checkMember(group, member)
  if (errorCode !== errorCodes.NONE) return errorCode
  return group?.generation === member.generationId ? errorCodes.NONE : errorCodes.ILLEGAL_GENERATION
}
