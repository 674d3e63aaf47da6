import type { Coordinator } from '../groups/coordinator.ts'
import {
  arrayOf,
  boolean,
  bytes,
  int16,
  int32,
  nullableString,
  optional,
  since,
  string,
  until,
} from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, type Route, route } from './api.ts'

/** JoinGroup, SyncGroup, Heartbeat and LeaveGroup. */
export function membershipRoutes(coordinator: Coordinator): Route[] {
  return [
    route(joinGroupApi, async (request, { version, clientId, clientHost }) => {
      const result = await coordinator.join(request.groupId, {
        ...request,
        clientId,
        clientHost,
        requiresMemberId: version >= 4,
        canSkipAssignment: version >= 9,
      })
      // Before version 7 the protocol's name cannot be null.
      return { ...result, protocolName: result.protocolName ?? (version < 7 ? '' : null) }
    }),
    route(syncGroupApi, (request) => coordinator.sync(request.groupId, request)),
    route(heartbeatApi, (request) => ({ errorCode: coordinator.heartbeat(request.groupId, request) })),
    route(leaveGroupApi, ({ groupId, memberId, members }, { version }) => {
      if (version < 3) return { errorCode: coordinator.leave(groupId, { memberId, groupInstanceId: null }) }
      return {
        errorCode: errorCodes.NONE,
        members: members.map((member) => ({
          memberId: member.memberId,
          groupInstanceId: member.groupInstanceId,
          errorCode: coordinator.leave(groupId, member),
        })),
      }
    }),
  ]
}

// JoinGroup Request  => group_id session_timeout_ms rebalance_timeout_ms member_id group_instance_id
//                       protocol_type [name metadata] reason
// JoinGroup Response => throttle_time_ms error_code generation_id protocol_type protocol_name leader
//                       skip_assignment member_id [member_id group_instance_id metadata]
export const joinGroupApi = defineApi(
  { key: 11, name: 'JoinGroup', versions: [0, 9], flexibleFrom: 6 },
  {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, int32, -1),
    memberId: string,
    groupInstanceId: since(5, nullableString, null),
    protocolType: string,
    protocols: arrayOf({ name: string, metadata: bytes }),
    reason: since(8, nullableString, null),
  },
  {
    throttleTimeMs: since(2, int32, 0),
    errorCode: int16,
    generationId: optional(int32, -1),
    protocolType: since(7, nullableString, null),
    protocolName: optional(nullableString, ''),
    leader: optional(string, ''),
    skipAssignment: since(9, boolean, false),
    memberId: string,
    members: optional(
      arrayOf({ memberId: string, groupInstanceId: since(5, nullableString, null), metadata: bytes }),
      [],
    ),
  },
)

// SyncGroup Request  => group_id generation_id member_id group_instance_id protocol_type protocol_name
//                       [member_id assignment]
// SyncGroup Response => throttle_time_ms error_code protocol_type protocol_name assignment
export const syncGroupApi = defineApi(
  { key: 14, name: 'SyncGroup', versions: [0, 5], flexibleFrom: 4 },
  {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
    protocolType: since(5, nullableString, null),
    protocolName: since(5, nullableString, null),
    assignments: arrayOf({ memberId: string, assignment: bytes }),
  },
  {
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    protocolType: since(5, nullableString, null),
    protocolName: since(5, nullableString, null),
    assignment: bytes,
  },
)

// Heartbeat Request  => group_id generation_id member_id group_instance_id
// Heartbeat Response => throttle_time_ms error_code
export const heartbeatApi = defineApi(
  { key: 12, name: 'Heartbeat', versions: [0, 4], flexibleFrom: 4 },
  {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullableString, null),
  },
  { throttleTimeMs: since(1, int32, 0), errorCode: int16 },
)

// LeaveGroup Request  => group_id member_id [member_id group_instance_id reason]
// LeaveGroup Response => throttle_time_ms error_code [member_id group_instance_id error_code]
export const leaveGroupApi = defineApi(
  { key: 13, name: 'LeaveGroup', versions: [0, 5], flexibleFrom: 4 },
  {
    groupId: string,
    memberId: until(2, string, ''),
    members: since(
      3,
      arrayOf({ memberId: string, groupInstanceId: nullableString, reason: since(5, nullableString, null) }),
      [],
    ),
  },
  {
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    members: since(3, arrayOf({ memberId: string, groupInstanceId: nullableString, errorCode: int16 }), []),
  },
)
