import type { Coordinator } from '../groups/coordinator.ts'
import { heartbeatApi, joinGroupApi, leaveGroupApi, syncGroupApi } from '../messages/membership.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { type Route, route } from './route.ts'

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
