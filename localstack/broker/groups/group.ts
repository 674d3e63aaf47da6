import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import type { StartTimer, Timer } from './start-timer.ts'

type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export type Protocol = { name: string; metadata: Buffer }

export type Member = {
  id: string
  instanceId: string | null
  clientId: string
  clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  /** Most preferred first. */
  protocols: readonly Protocol[]
  assignment: Buffer
  /** Sends the response of the member's open JoinGroup or SyncGroup. While one is open, the session cannot expire. */
  respondToJoin: ((result: JoinResult) => void) | undefined
  respondToSync: ((result: SyncResult) => void) | undefined
  session: Timer | undefined
}

/** A consumer group of the classic protocol. */
export type Group = {
  readonly id: string
  state: GroupState
  generation: number
  protocolType: string | null
  protocol: string | null
  leader: string | null
  /** First joined first. */
  readonly members: Map<string, Member>
  /** Ids that were returned with MEMBER_ID_REQUIRED and have not joined yet, with their expiry. */
  readonly pending: Map<string, Timer>
  /** group.instance.id → member id (KIP-345). */
  readonly instances: Map<string, string>
  rebalance: Timer | undefined
  readonly startTimer: StartTimer
}

/** How a member refers to itself. */
export type MemberRef = { memberId: string; groupInstanceId: string | null }

export const NO_ASSIGNMENT: Buffer = Buffer.alloc(0)

/** A group without members. */
export function createGroup(id: string, startTimer: StartTimer): Group {
  return {
    id,
    state: 'Empty',
    generation: 0,
    protocolType: null,
    protocol: null,
    leader: null,
    members: new Map(),
    pending: new Map(),
    instances: new Map(),
    rebalance: undefined,
    startTimer,
  }
}

export type JoinResult = {
  errorCode: ErrorCode
  memberId: string
  generationId?: number
  protocolType?: string | null
  protocolName?: string | null
  leader?: string
  skipAssignment?: boolean
  members?: { memberId: string; groupInstanceId: string | null; metadata: Buffer }[]
}

export type SyncResult = {
  errorCode: ErrorCode
  protocolType?: string | null
  protocolName?: string | null
  assignment: Buffer
}

/** The member's metadata for the group's current protocol. */
export function metadataOf(group: Group, member: Member): Buffer {
  return member.protocols.find(({ name }) => name === group.protocol)?.metadata ?? NO_ASSIGNMENT
}

/** The protocol that every member supports and most members prefer; undefined if there is none. */
export function selectProtocol(members: Iterable<{ protocols: readonly Protocol[] }>): string | undefined {
  const all = [...members]
  const common = new Set(all[0]?.protocols.map(({ name }) => name))
  for (const { protocols } of all) {
    for (const name of common) if (!protocols.some((protocol) => protocol.name === name)) common.delete(name)
  }
  const votes = new Map<string, number>()
  for (const { protocols } of all) {
    const choice = protocols.find(({ name }) => common.has(name))?.name
    if (choice !== undefined) votes.set(choice, (votes.get(choice) ?? 0) + 1)
  }
  return [...votes].sort(([, left], [, right]) => right - left)[0]?.[0]
}

/** Starts or restarts a member's session. The member is removed if no request of it arrives before the timeout. */
export function restartSession(group: Group, member: Member): void {
  member.session?.cancel()
  member.session = group.startTimer(() => {
    if (member.respondToJoin || member.respondToSync) restartSession(group, member)
    else removeMember(group, member.id)
  }, member.sessionTimeoutMs)
}

/** Whether another member has this member's instance id (KIP-345). */
export function isFenced(group: Group, { memberId, groupInstanceId }: MemberRef): boolean {
  const owner = groupInstanceId === null ? undefined : group.instances.get(groupInstanceId)
  return owner !== undefined && owner !== memberId
}

/** Starts a rebalance, or continues the one that is waiting for members, without prolonging it. */
export function rebalance(group: Group): void {
  if (group.state === 'PreparingRebalance') completeIfAllJoined(group)
  else prepareRebalance(group)
}

/** A rebalance ends when all members have joined again, or after the maximum of their rebalance timeouts. */
function prepareRebalance(group: Group): void {
  if (group.state === 'CompletingRebalance') {
    for (const member of group.members.values()) {
      member.assignment = NO_ASSIGNMENT
      respondToSync(group, member, { errorCode: errorCodes.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT })
    }
  }
  group.state = 'PreparingRebalance'
  group.rebalance?.cancel()
  group.rebalance = group.startTimer(() => completeJoin(group), rebalanceTimeout(group))
  completeIfAllJoined(group)
}

function rebalanceTimeout({ members }: Group): number {
  return Math.max(0, ...[...members.values()].map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs))
}

function hasJoined({ members }: Group): boolean {
  return [...members.values()].some(({ respondToJoin }) => respondToJoin !== undefined)
}

function completeIfAllJoined(group: Group): void {
  if (group.state !== 'PreparingRebalance' || group.pending.size > 0) return
  for (const { respondToJoin } of group.members.values()) if (!respondToJoin) return
  completeJoin(group)
}

/**
 * Starts a new generation with the members that joined and the static ones that did not: these keep their share until
 * their session ends (KIP-345). While none has joined, no member could assign, and the group waits once more.
 */
function completeJoin(group: Group): void {
  group.rebalance?.cancel()
  for (const member of group.members.values())
    if (!member.respondToJoin && member.instanceId === null) forget(group, member)
  if (group.members.size > 0 && !hasJoined(group)) {
    group.rebalance = group.startTimer(() => completeJoin(group), rebalanceTimeout(group))
    return
  }
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
    respondToJoin(group, member, currentGeneration(group, member))
  }
}

/** The former leader if it has joined, because only a member that joined can assign. */
function electLeader({ leader, members }: Group): string | null {
  const joined = [...members.values()].filter(({ respondToJoin }) => respondToJoin !== undefined)
  return (joined.find(({ id }) => id === leader) ?? joined[0])?.id ?? null
}

/** The result of JoinGroup for a member of the current generation. Only the leader gets the list of members. */
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

/** Removes a member that left or whose session expired. The others rebalance. */
export function removeMember(group: Group, memberId: string): void {
  const member = group.members.get(memberId)
  if (!member) return
  forget(group, member)
  rebalance(group)
}

/** Stops waiting for an id that has not joined. */
export function removePending(group: Group, memberId: string): void {
  group.pending.get(memberId)?.cancel()
  group.pending.delete(memberId)
  completeIfAllJoined(group)
}

function forget(group: Group, member: Member): void {
  const errorCode = errorCodes.UNKNOWN_MEMBER_ID
  respondToJoin(group, member, { errorCode, memberId: member.id })
  respondToSync(group, member, { errorCode, assignment: NO_ASSIGNMENT })
  member.session?.cancel()
  group.members.delete(member.id)
  if (member.instanceId !== null) group.instances.delete(member.instanceId)
}

export function respondToJoin(group: Group, member: Member, result: JoinResult): void {
  const respond = member.respondToJoin
  member.respondToJoin = undefined
  restartSession(group, member)
  respond?.(result)
}

export function respondToSync(group: Group, member: Member, result: SyncResult): void {
  const respond = member.respondToSync
  member.respondToSync = undefined
  if (!respond) return
  restartSession(group, member)
  respond(result)
}
