import type { WriteWatch } from '../../trouble/watch-writes.ts'
import type { Coordinator } from '../groups/coordinator.ts'
import { metadataOf, NO_ASSIGNMENT } from '../groups/group.ts'
import type { OffsetStore } from '../storage/offset-store.ts'
import {
  array,
  arrayOf,
  boolean,
  bytes,
  int16,
  int32,
  nullableString,
  optional,
  since,
  string,
} from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, NO_OPERATIONS, type Route, route } from './api.ts'

/** DescribeGroups, ListGroups and DeleteGroups. A group that has only offsets is an empty consumer group. */
export function groupRoutes({
  coordinator,
  offsets,
  disk,
}: {
  coordinator: Coordinator
  offsets: OffsetStore
  disk: WriteWatch
}): Route[] {
  const remove = (groupId: string) =>
    disk.attempt(
      () => coordinator.remove(groupId),
      () => errorCodes.NOT_COORDINATOR,
    )
  return [
    route(describeGroupsApi, ({ groups }, { version }) => ({
      groups: groups.map((groupId) => describe(coordinator, offsets, groupId, version)),
    })),
    route(listGroupsApi, ({ states, types }) => {
      const ids = new Set([...coordinator.list().map(({ id }) => id), ...offsets.groups()])
      const listed = [...ids].map((groupId) => {
        const group = coordinator.find(groupId)
        const protocolType = group?.protocolType ?? 'consumer'
        return { groupId, protocolType, state: group?.state ?? 'Empty', type: 'Classic' }
      })
      const groups = listed.filter(({ state, type }) => matches(states, state) && matches(types, type))
      return { errorCode: errorCodes.NONE, groups }
    }),
    route(deleteGroupsApi, ({ groups }) => ({
      results: groups.map((groupId) => ({ groupId, errorCode: remove(groupId) })),
    })),
  ]
}

function describe(coordinator: Coordinator, offsets: OffsetStore, groupId: string, version: number) {
  const group = coordinator.find(groupId)
  const exists = group !== undefined || offsets.of(groupId).length > 0
  const showsProtocol = group?.state === 'Stable'
  return {
    // Before version 6 a group that does not exist is a dead one.
    errorCode: exists || version < 6 ? errorCodes.NONE : errorCodes.GROUP_ID_NOT_FOUND,
    errorMessage: exists || version < 6 ? null : `Group ${groupId} not found.`,
    groupId,
    state: group?.state ?? (exists ? 'Empty' : 'Dead'),
    protocolType: group?.protocolType ?? (exists ? 'consumer' : ''),
    protocol: (showsProtocol && group.protocol) || '',
    members: [...(group?.members.values() ?? [])].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: `/${member.clientHost}`,
      metadata: showsProtocol ? metadataOf(group, member) : NO_ASSIGNMENT,
      assignment: member.assignment,
    })),
  }
}

function matches(filter: readonly string[], value: string): boolean {
  return filter.length === 0 || filter.some((wanted) => wanted.toLowerCase() === value.toLowerCase())
}

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
