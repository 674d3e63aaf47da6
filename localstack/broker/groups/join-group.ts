import { randomUUID } from 'node:crypto'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import {
  currentGeneration,
  type Group,
  isFenced,
  type JoinResult,
  type Member,
  NO_ASSIGNMENT,
  type Protocol,
  rebalance,
  removePending,
  respondToJoin,
  respondToSync,
  selectProtocol,
} from './group.ts'

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
  /** From version 9 on, the response can tell a returning leader to keep the assignment (KIP-814). */
  canSkipAssignment: boolean
}

/** A request, and the function that sends its response. */
type Joining = { readonly request: JoinRequest; readonly respond: (result: JoinResult) => void }

/** Joins a new or a known member. Calls `respond` once, at the end of the rebalance or if the request fails. */
export function joinGroup(group: Group, request: JoinRequest, respond: Joining['respond']): void {
  const joining = { request, respond }
  const errorCode = checkJoin(group, request)
  const member = group.members.get(request.memberId)
  if (errorCode !== errorCodes.NONE) respond({ errorCode, memberId: request.memberId })
  else if (request.memberId === '') joinNew(group, joining)
  else if (member) rejoin(group, member, joining)
  else addMember(group, request.memberId, joining)
}

function checkJoin(group: Group, request: JoinRequest): ErrorCode {
  const { memberId } = request
  if (!isCompatible(group, request)) return errorCodes.INCONSISTENT_GROUP_PROTOCOL
  if (memberId === '') return errorCodes.NONE
  if (isFenced(group, request)) return errorCodes.FENCED_INSTANCE_ID
  const isKnown = group.members.has(memberId) || group.pending.has(memberId)
  return isKnown ? errorCodes.NONE : errorCodes.UNKNOWN_MEMBER_ID
}

function joinNew(group: Group, joining: Joining): void {
  const { request, respond } = joining
  const memberId = `${request.groupInstanceId ?? request.clientId}-${randomUUID()}`
  const former = request.groupInstanceId === null ? undefined : group.instances.get(request.groupInstanceId)
  const replaced = former === undefined ? undefined : group.members.get(former)
  if (replaced) replaceInstance(group, replaced, memberId, joining)
  else if (request.requiresMemberId && request.groupInstanceId === null) {
    const expiry = group.startTimer(() => removePending(group, memberId), request.sessionTimeoutMs)
    group.pending.set(memberId, expiry)
    respond({ errorCode: errorCodes.MEMBER_ID_REQUIRED, memberId })
  } else addMember(group, memberId, joining)
}

function addMember(group: Group, id: string, { request, respond }: Joining): void {
  group.pending.get(id)?.cancel()
  group.pending.delete(id)
  group.members.set(id, {
    ...described(request),
    id,
    instanceId: request.groupInstanceId,
    assignment: NO_ASSIGNMENT,
    respondToJoin: respond,
    respondToSync: undefined,
    session: undefined,
  })
  if (request.groupInstanceId !== null) group.instances.set(request.groupInstanceId, id)
  group.protocolType = request.protocolType
  rebalance(group)
}

/** A repeated request of a known member gets the current generation. Changed metadata or the leader start a rebalance. */
function rejoin(group: Group, member: Member, { request, respond }: Joining): void {
  const unchanged = sameProtocols(member.protocols, request.protocols)
  Object.assign(member, described(request))
  const repeats =
    unchanged &&
    (group.state === 'CompletingRebalance' || (group.state === 'Stable' && group.leader !== member.id))
  // A second JoinGroup of a member replaces its first, whose connection is gone.
  member.respondToJoin?.({ errorCode: errorCodes.UNKNOWN_MEMBER_ID, memberId: member.id })
  member.respondToJoin = respond
  if (repeats) respondToJoin(group, member, currentGeneration(group, member))
  else rebalance(group)
}

/** A static member came back under a new id: it takes its former place, and its former id is fenced (KIP-345). */
function replaceInstance(
  group: Group,
  member: Member,
  memberId: string,
  { request, respond }: Joining,
): void {
  const errorCode = errorCodes.FENCED_INSTANCE_ID
  const unchanged = sameProtocols(member.protocols, request.protocols)
  const formerLeader = group.leader
  respondToJoin(group, member, { errorCode, memberId: member.id })
  respondToSync(group, member, { errorCode, assignment: NO_ASSIGNMENT })
  group.members.delete(member.id)
  if (formerLeader === member.id) group.leader = memberId
  Object.assign(member, described(request), { id: memberId, respondToJoin: respond })
  group.members.set(memberId, member)
  if (member.instanceId !== null) group.instances.set(member.instanceId, memberId)
  if (group.state === 'Stable' && unchanged) {
    const skip = request.canSkipAssignment && group.leader === memberId
    // An older client would assign again as leader, so its response names its former id as leader.
    const leader = skip ? memberId : (formerLeader ?? '')
    respondToJoin(group, member, { ...currentGeneration(group, member), leader, skipAssignment: skip })
  } else rebalance(group)
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

/** The request's bytes are views of a buffer that may contain many other requests. */
function copied(protocols: readonly Protocol[]): Protocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))
}

function sameProtocols(left: readonly Protocol[], right: readonly Protocol[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ name, metadata }, at) => right[at]?.name === name && right[at]?.metadata.equals(metadata))
  )
}
