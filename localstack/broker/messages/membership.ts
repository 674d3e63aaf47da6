import { defineApi } from '../wire/api.ts'
import { arrayOf, optional, since, until } from '../wire/codec.ts'
import { boolean, bytes, int16, int32, nullableString, string } from '../wire/primitives.ts'

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
