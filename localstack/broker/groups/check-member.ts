import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import type { Group } from './group.ts'

export type MemberRef = { memberId: string; groupInstanceId: string | null }
export type GenerationRef = MemberRef & { generationId: number }

/** Whether the group has this member, and its instance id is not in other hands (KIP-345). */
export function checkMember(group: Group | undefined, { memberId, groupInstanceId }: MemberRef): ErrorCode {
  const owner = groupInstanceId === null ? undefined : group?.instances.get(groupInstanceId)
  if (owner !== undefined && owner !== memberId) return errorCodes.FENCED_INSTANCE_ID
  return group?.members.has(memberId) ? errorCodes.NONE : errorCodes.UNKNOWN_MEMBER_ID
}

/** Whether the group has this member, and the member knows the current generation. */
export function checkGeneration(group: Group | undefined, member: GenerationRef): ErrorCode {
  const errorCode = checkMember(group, member)
  if (errorCode !== errorCodes.NONE) return errorCode
  return group?.generation === member.generationId ? errorCodes.NONE : errorCodes.ILLEGAL_GENERATION
}
