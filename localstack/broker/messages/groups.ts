import { defineApi } from '../wire/api.ts'
import { array, arrayOf, optional, since } from '../wire/codec.ts'
import { boolean, bytes, int16, int32, nullableString, string } from '../wire/primitives.ts'

const NO_OPERATIONS = -2_147_483_648

// DescribeGroups Request  => [groups] include_authorized_operations
// DescribeGroups Response => throttle_time_ms [error_code error_message group_id group_state protocol_type
//                            protocol_data [member_id group_instance_id client_id client_host
//                            member_metadata member_assignment] authorized_operations]
export const describeGroupsApi = defineApi(
  { key: 15, name: 'DescribeGroups', versions: [0, 6], flexibleFrom: 5 },
  { groups: array(string), includeOperations: since(3, boolean, false) },
  {
    throttleTimeMs: since(1, int32, 0),
    groups: arrayOf({
      errorCode: int16,
      errorMessage: since(6, nullableString, null),
      groupId: string,
      state: string,
      protocolType: string,
      protocol: string,
      members: arrayOf({
        memberId: string,
        groupInstanceId: since(4, nullableString, null),
        clientId: string,
        clientHost: string,
        metadata: bytes,
        assignment: bytes,
      }),
      authorizedOperations: since(3, int32, NO_OPERATIONS),
    }),
  },
)

// ListGroups Request  => [states_filter] [types_filter]
// ListGroups Response => throttle_time_ms error_code [group_id protocol_type group_state group_type]
export const listGroupsApi = defineApi(
  { key: 16, name: 'ListGroups', versions: [0, 5], flexibleFrom: 3 },
  { states: since(4, array(string), []), types: since(5, array(string), []) },
  {
    throttleTimeMs: since(1, int32, 0),
    errorCode: int16,
    groups: arrayOf({
      groupId: string,
      protocolType: string,
      state: since(4, string, ''),
      type: since(5, string, ''),
    }),
  },
)

// DeleteGroups Request  => [groups_names]
// DeleteGroups Response => throttle_time_ms [group_id error_code]
export const deleteGroupsApi = defineApi(
  { key: 42, name: 'DeleteGroups', versions: [0, 2], flexibleFrom: 2 },
  { groups: array(string) },
  { throttleTimeMs: optional(int32, 0), results: arrayOf({ groupId: string, errorCode: int16 }) },
)
