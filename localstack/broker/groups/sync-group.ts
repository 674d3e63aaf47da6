import { errorCodes } from '../wire/error-codes.ts'
import { checkGeneration, type GenerationRef } from './check-member.ts'
import { type Group, NO_ASSIGNMENT, type SyncResult } from './group.ts'
import { answerSync } from './rebalance.ts'

export type SyncRequest = GenerationRef & { assignments: readonly { memberId: string; assignment: Buffer }[] }

/** Gives a member its assignment; `answer` is called once, as soon as the leader has assigned. */
export function syncGroup(
  group: Group | undefined,
  request: SyncRequest,
  answer: (result: SyncResult) => void,
): void {
  const errorCode = checkGeneration(group, request)
  const member = group?.members.get(request.memberId)
  if (errorCode !== errorCodes.NONE || !group || !member) answer({ errorCode, assignment: NO_ASSIGNMENT })
  else if (group.state === 'PreparingRebalance') {
    answer({ errorCode: errorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT })
  } else {
    member.answerSync = answer
    if (group.state === 'CompletingRebalance' && group.leader === member.id) assign(group, request)
    if (group.state === 'Stable') answerAllSyncs(group)
  }
}

function assign(group: Group, { assignments }: SyncRequest): void {
  for (const { memberId, assignment } of assignments) {
    const assigned = group.members.get(memberId)
    if (assigned) assigned.assignment = Buffer.from(assignment)
  }
  group.state = 'Stable'
}

function answerAllSyncs(group: Group): void {
  const { protocolType, protocol: protocolName } = group
  for (const waiting of group.members.values()) {
    const { assignment } = waiting
    answerSync(group, waiting, { errorCode: errorCodes.NONE, protocolType, protocolName, assignment })
  }
}
