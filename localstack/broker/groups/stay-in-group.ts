import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import { checkGeneration, checkMember, type GenerationRef, type MemberRef } from './check-member.ts'
import type { Group } from './group.ts'
import { removeMember, removePending, restartSession } from './rebalance.ts'

/** Keeps a member's session alive and tells it of a rebalance. */
export function heartbeat(group: Group | undefined, ref: GenerationRef): ErrorCode {
  const errorCode = checkGeneration(group, ref)
  const member = group?.members.get(ref.memberId)
  if (errorCode !== errorCodes.NONE || !group || !member) return errorCode
  restartSession(group, member)
  return group.state === 'PreparingRebalance' ? errorCodes.REBALANCE_IN_PROGRESS : errorCodes.NONE
}

/** Removes a member at once. An operator names a static member by its instance id alone. */
export function leaveGroup(group: Group | undefined, ref: MemberRef): ErrorCode {
  if (group?.pending.has(ref.memberId)) {
    removePending(group, ref.memberId)
    return errorCodes.NONE
  }
  const memberId = ref.memberId || (group?.instances.get(ref.groupInstanceId ?? '') ?? '')
  const errorCode = checkMember(group, { ...ref, memberId })
  if (group && errorCode === errorCodes.NONE) removeMember(group, memberId)
  return errorCode
}

/** Whether this member may commit now. Without a membership, offsets may be set while the group is empty. */
export function checkCommit(group: Group | undefined, ref: GenerationRef): ErrorCode {
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
