import type { Coordinator } from '../groups/coordinator.ts'
import { metadataOf, NO_ASSIGNMENT } from '../groups/group.ts'
import { deleteGroupsApi, describeGroupsApi, listGroupsApi } from '../messages/groups.ts'
import type { OffsetStore } from '../storage/offset-store.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { type Route, route } from './route.ts'

/** DescribeGroups, ListGroups and DeleteGroups. A group that only has offsets is an empty consumer group. */
export function groupRoutes(coordinator: Coordinator, offsets: OffsetStore): Route[] {
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
      results: groups.map((groupId) => ({ groupId, errorCode: coordinator.remove(groupId) })),
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
