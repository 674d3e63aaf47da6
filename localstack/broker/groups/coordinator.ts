import type { OffsetStore } from '../storage/offset-store.ts'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import type { GenerationRef, MemberRef } from './check-member.ts'
import { createGroup, type Group, type JoinResult, type SyncResult } from './group.ts'
import { type JoinRequest, joinGroup } from './join-group.ts'
import { checkCommit, heartbeat, leaveGroup } from './stay-in-group.ts'
import { type SyncRequest, syncGroup } from './sync-group.ts'

/** Coordinates consumer groups of the classic protocol, by Kafka's rules. Membership is not kept over a restart. */
export type Coordinator = {
  find(groupId: string): Group | undefined
  list(): Group[]
  join(groupId: string, request: JoinRequest): Promise<JoinResult>
  sync(groupId: string, request: SyncRequest): Promise<SyncResult>
  heartbeat(groupId: string, member: GenerationRef): ErrorCode
  leave(groupId: string, member: MemberRef): ErrorCode
  /** Whether this member may commit now. Without a member id, offsets may be set while the group is empty. */
  checkCommit(groupId: string, member: GenerationRef): ErrorCode
  remove(groupId: string): ErrorCode
  /** Forgets the groups that have neither members nor offsets. */
  dropUnused(): void
  close(): void
}

export function createCoordinator(options: {
  offsets: Pick<OffsetStore, 'of' | 'removeGroup'>
  /** Bounds of session timeouts, ms. */
  sessionTimeoutMs: { min: number; max: number }
}): Coordinator {
  const { offsets, sessionTimeoutMs } = options
  const groups = new Map<string, Group>()
  const groupOf = (id: string): Group => {
    const group = groups.get(id) ?? createGroup(id)
    groups.set(id, group)
    return group
  }

  return {
    find: (groupId) => groups.get(groupId),
    list: () => [...groups.values()],
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
  clearTimeout(group.rebalance)
  for (const timer of group.pending.values()) clearTimeout(timer)
  for (const member of group.members.values()) clearTimeout(member.session)
}
