import { randomUUID } from 'node:crypto'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import {
  type Group,
  type JoinResult,
  type Member,
  NO_ASSIGNMENT,
  type Protocol,
  selectProtocol,
} from './group.ts'
import {
  answerJoin,
  answerSync,
  completeIfAllJoined,
  currentGeneration,
  prepareRebalance,
  removePending,
} from './rebalance.ts'

export type JoinRequest = {
  memberId: string
  groupInstanceId: string | null
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocolType: string
  protocols: readonly Protocol[]
  clientId: string
  clientHost: string
  /** From version 4 on, a new member first gets its id and joins with it (KIP-394). */
  requiresMemberId: boolean
  /** From version 9 on, a returning leader can be told to leave the assignment as it is (KIP-814). */
  canSkipAssignment: boolean
}

/** Joins a member, new or known; `answer` is called once, at the end of the rebalance. */
export function joinGroup(group: Group, request: JoinRequest, answer: (result: JoinResult) => void): void {
  const errorCode = problemWith(group, request)
  const member = group.members.get(request.memberId)
  if (errorCode !== errorCodes.NONE) answer({ errorCode, memberId: request.memberId })
  else if (request.memberId === '') joinNew(group, request, answer)
  else if (member) rejoin(group, member, request, answer)
  else addMember(group, request.memberId, request, answer)
}

function problemWith(group: Group, request: JoinRequest): ErrorCode {
  const { memberId, groupInstanceId } = request
  if (!isCompatible(group, request)) return errorCodes.INCONSISTENT_GROUP_PROTOCOL
  if (memberId === '') return errorCodes.NONE
  const owner = groupInstanceId === null ? undefined : group.instances.get(groupInstanceId)
  if (owner !== undefined && owner !== memberId) return errorCodes.FENCED_INSTANCE_ID
  const isKnown = group.members.has(memberId) || group.pending.has(memberId)
  return isKnown ? errorCodes.NONE : errorCodes.UNKNOWN_MEMBER_ID
}

function joinNew(group: Group, request: JoinRequest, answer: (result: JoinResult) => void): void {
  const memberId = `${request.groupInstanceId ?? request.clientId}-${randomUUID()}`
  const former = request.groupInstanceId === null ? undefined : group.instances.get(request.groupInstanceId)
  const replaced = former === undefined ? undefined : group.members.get(former)
  if (replaced) replaceInstance(group, replaced, memberId, request, answer)
  else if (request.requiresMemberId && request.groupInstanceId === null) {
    const expiry = setTimeout(() => removePending(group, memberId), request.sessionTimeoutMs)
    group.pending.set(memberId, expiry)
    answer({ errorCode: errorCodes.MEMBER_ID_REQUIRED, memberId })
  } else addMember(group, memberId, request, answer)
}

function addMember(
  group: Group,
  id: string,
  request: JoinRequest,
  answer: (result: JoinResult) => void,
): void {
  clearTimeout(group.pending.get(id))
  group.pending.delete(id)
  group.members.set(id, {
    ...described(request),
    id,
    instanceId: request.groupInstanceId,
    assignment: NO_ASSIGNMENT,
    answerJoin: answer,
    answerSync: undefined,
    session: undefined,
  })
  if (request.groupInstanceId !== null) group.instances.set(request.groupInstanceId, id)
  group.protocolType = request.protocolType
  // A rebalance that already waits for members goes on waiting no longer than it would have.
  if (group.state === 'PreparingRebalance') completeIfAllJoined(group)
  else prepareRebalance(group)
}

/** A known member: a repeated request gets the current generation; changed metadata or the leader start a new one. */
function rejoin(
  group: Group,
  member: Member,
  request: JoinRequest,
  answer: (result: JoinResult) => void,
): void {
  const unchanged = sameProtocols(member.protocols, request.protocols)
  Object.assign(member, described(request))
  const repeats =
    unchanged &&
    (group.state === 'CompletingRebalance' || (group.state === 'Stable' && group.leader !== member.id))
  // A second JoinGroup of a member replaces its first, whose connection is gone.
  member.answerJoin?.({ errorCode: errorCodes.UNKNOWN_MEMBER_ID, memberId: member.id })
  member.answerJoin = answer
  if (repeats) answerJoin(group, member, currentGeneration(group, member))
  else if (group.state === 'PreparingRebalance') completeIfAllJoined(group)
  else prepareRebalance(group)
}

/** A static member came back under a new id: it takes its former place, and the former holder is fenced (KIP-345). */
function replaceInstance(
  group: Group,
  member: Member,
  memberId: string,
  request: JoinRequest,
  answer: (result: JoinResult) => void,
): void {
  const errorCode = errorCodes.FENCED_INSTANCE_ID
  const unchanged = sameProtocols(member.protocols, request.protocols)
  const formerLeader = group.leader
  answerJoin(group, member, { errorCode, memberId: member.id })
  answerSync(group, member, { errorCode, assignment: NO_ASSIGNMENT })
  group.members.delete(member.id)
  if (formerLeader === member.id) group.leader = memberId
  Object.assign(member, described(request), { id: memberId, answerJoin: answer })
  group.members.set(memberId, member)
  if (member.instanceId !== null) group.instances.set(member.instanceId, memberId)
  if (group.state === 'Stable' && unchanged) {
    const skip = request.canSkipAssignment && group.leader === memberId
    // Older clients would assign anew as leader, so they are told that someone else is.
    const leader = skip ? memberId : (formerLeader ?? '')
    answerJoin(group, member, { ...currentGeneration(group, member), leader, skipAssignment: skip })
  } else if (group.state === 'PreparingRebalance') completeIfAllJoined(group)
  else prepareRebalance(group)
}

function isCompatible(group: Group, request: JoinRequest): boolean {
  if (request.protocolType === '' || request.protocols.length === 0) return false
  const others = [...group.members.values()].filter(
    ({ id, instanceId }) =>
      id !== request.memberId && (instanceId === null || instanceId !== request.groupInstanceId),
  )
  if (others.length === 0) return true
  return group.protocolType === request.protocolType && selectProtocol([...others, request]) !== undefined
}

function described(request: JoinRequest) {
  const { clientId, clientHost, sessionTimeoutMs, protocols } = request
  const rebalanceTimeoutMs = request.rebalanceTimeoutMs < 0 ? sessionTimeoutMs : request.rebalanceTimeoutMs
  return { clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols: copied(protocols) }
}

/** The request's bytes are views of a buffer that may hold many more requests. */
function copied(protocols: readonly Protocol[]): Protocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))
}

function sameProtocols(left: readonly Protocol[], right: readonly Protocol[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ name, metadata }, at) => right[at]?.name === name && right[at]?.metadata.equals(metadata))
  )
}
