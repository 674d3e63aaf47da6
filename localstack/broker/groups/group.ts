import type { ErrorCode } from '../wire/error-codes.ts'

type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

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

export type Protocol = { name: string; metadata: Buffer }

export type Member = {
  id: string
  instanceId: string | null
  clientId: string
  clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  /** In order of preference. */
  protocols: readonly Protocol[]
  assignment: Buffer
  /** Answers the member's open JoinGroup or SyncGroup. While one is open, the session cannot expire. */
  answerJoin: ((result: JoinResult) => void) | undefined
  answerSync: ((result: SyncResult) => void) | undefined
  session: NodeJS.Timeout | undefined
}

/** A consumer group of the classic protocol. */
export type Group = {
  readonly id: string
  state: GroupState
  generation: number
  protocolType: string | null
  protocol: string | null
  leader: string | null
  /** In order of joining. */
  readonly members: Map<string, Member>
  /** Ids that were handed out with MEMBER_ID_REQUIRED and have not joined yet, with their expiry. */
  readonly pending: Map<string, NodeJS.Timeout>
  /** group.instance.id → member id (KIP-345). */
  readonly instances: Map<string, string>
  rebalance: NodeJS.Timeout | undefined
}

export const NO_ASSIGNMENT: Buffer = Buffer.alloc(0)

/** A group without members. */
export function createGroup(id: string): Group {
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
  }
}

/** What the member told about itself for the group's current protocol. */
export function metadataOf(group: Group, member: Member): Buffer {
  return member.protocols.find(({ name }) => name === group.protocol)?.metadata ?? NO_ASSIGNMENT
}

/** The protocol that every member knows and most of them prefer; undefined if there is none. */
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
