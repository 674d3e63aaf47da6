import { errorCodes } from '../wire/error-codes.ts'
import {
  type Group,
  type JoinResult,
  type Member,
  metadataOf,
  NO_ASSIGNMENT,
  type SyncResult,
  selectProtocol,
} from './group.ts'

/** (Re)starts the member's session: unless it is heard of in time, it is removed. */
export function restartSession(group: Group, member: Member): void {
  clearTimeout(member.session)
  member.session = setTimeout(() => {
    if (member.answerJoin || member.answerSync) restartSession(group, member)
    else removeMember(group, member.id)
  }, member.sessionTimeoutMs)
}

/** Asks all members to join again; ends when all have, or after the longest rebalance timeout among them. */
export function prepareRebalance(group: Group): void {
  if (group.state === 'CompletingRebalance') {
    for (const member of group.members.values()) {
      member.assignment = NO_ASSIGNMENT
      answerSync(group, member, { errorCode: errorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT })
    }
  }
  group.state = 'PreparingRebalance'
  clearTimeout(group.rebalance)
  const patience = Math.max(
    0,
    ...[...group.members.values()].map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs),
  )
  group.rebalance = setTimeout(() => completeJoin(group), patience)
  completeIfAllJoined(group)
}

export function completeIfAllJoined(group: Group): void {
  if (group.state !== 'PreparingRebalance' || group.pending.size > 0) return
  for (const { answerJoin } of group.members.values()) if (!answerJoin) return
  completeJoin(group)
}

/** Starts a new generation with the members that joined. */
function completeJoin(group: Group): void {
  clearTimeout(group.rebalance)
  for (const member of group.members.values()) if (!member.answerJoin) forget(group, member)
  group.generation += 1
  if (group.members.size === 0) {
    Object.assign(group, { state: 'Empty', protocol: null, leader: null })
    return
  }
  group.state = 'CompletingRebalance'
  group.protocol = selectProtocol(group.members.values()) ?? null
  group.leader = electLeader(group)
  for (const member of group.members.values()) {
    member.assignment = NO_ASSIGNMENT
    answerJoin(group, member, currentGeneration(group, member))
  }
}

/** What JoinGroup answers to a member of the current generation; only the leader learns of the others. */
export function currentGeneration(group: Group, member: Member): JoinResult {
  return {
    errorCode: errorCodes.NONE,
    memberId: member.id,
    generationId: group.generation,
    protocolType: group.protocolType,
    protocolName: group.protocol,
    leader: group.leader ?? '',
    members:
      group.leader === member.id
        ? [...group.members.values()].map((each) => ({
            memberId: each.id,
            groupInstanceId: each.instanceId,
            metadata: metadataOf(group, each),
          }))
        : [],
  }
}

/** Removes a member that left or was not heard of; the others rebalance. */
export function removeMember(group: Group, memberId: string): void {
  const member = group.members.get(memberId)
  if (!member) return
  forget(group, member)
  if (group.state === 'PreparingRebalance') completeIfAllJoined(group)
  else prepareRebalance(group)
}

/** Gives up waiting for an id that was handed out. */
export function removePending(group: Group, memberId: string): void {
  clearTimeout(group.pending.get(memberId))
  group.pending.delete(memberId)
  completeIfAllJoined(group)
}

export function answerJoin(group: Group, member: Member, result: JoinResult): void {
  const answer = member.answerJoin
  member.answerJoin = undefined
  restartSession(group, member)
  answer?.(result)
}

export function answerSync(group: Group, member: Member, result: SyncResult): void {
  const answer = member.answerSync
  member.answerSync = undefined
  if (!answer) return
  restartSession(group, member)
  answer(result)
}

function forget(group: Group, member: Member): void {
  const errorCode = errorCodes.UNKNOWN_MEMBER_ID
  answerJoin(group, member, { errorCode, memberId: member.id })
  answerSync(group, member, { errorCode, assignment: NO_ASSIGNMENT })
  clearTimeout(member.session)
  group.members.delete(member.id)
  if (member.instanceId !== null) group.instances.delete(member.instanceId)
}

function electLeader(group: Group): string | null {
  if (group.leader !== null && group.members.has(group.leader)) return group.leader
  return group.members.keys().next().value ?? null
}
