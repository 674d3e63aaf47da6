import type { Coordinator } from '../groups/coordinator.ts'
import { offsetCommitApi, offsetDeleteApi, offsetFetchApi } from '../messages/offsets.ts'
import type { OffsetEntry, OffsetStore } from '../storage/offset-store.ts'
import type { TopicStore } from '../storage/topic-store.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { type Route, route } from './route.ts'

type Stores = { coordinator: Coordinator; offsets: OffsetStore; topics: TopicStore }
type WantedTopics = { name: string; partitions: number[] }[] | null

export function offsetCommitRoute({ coordinator, offsets, topics }: Stores): Route {
  return route(offsetCommitApi, (request) => {
    const refusal = coordinator.checkCommit(request.groupId, request)
    const entries: OffsetEntry[] = []
    const answered = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, offset, leaderEpoch, metadata }) => {
        if (refusal !== errorCodes.NONE) return { index, errorCode: refusal }
        if (!topics.find(name)?.partitions[index])
          return { index, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION }
        entries.push({ topic: name, partition: index, offset, leaderEpoch, metadata })
        return { index, errorCode: errorCodes.NONE }
      }),
    }))
    if (entries.length > 0) offsets.commit(request.groupId, entries)
    return { topics: answered }
  })
}

export function offsetFetchRoute({ offsets }: Stores): Route {
  const fetchOne = (group: string, topic: string, index: number) => {
    const found = offsets.find(group, topic, index)
    return {
      index,
      offset: found?.offset ?? -1,
      leaderEpoch: found?.leaderEpoch ?? -1,
      metadata: found?.metadata ?? '',
      errorCode: errorCodes.NONE,
    }
  }
  const fetchTopics = (group: string, wanted: WantedTopics) =>
    (wanted ?? committedPartitions(offsets.of(group))).map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((index) => fetchOne(group, name, index)),
    }))

  return route(offsetFetchApi, (request, { version }) =>
    version < 8
      ? { topics: fetchTopics(request.groupId, request.topics) }
      : {
          groups: request.groups.map(({ groupId, topics }) => ({
            groupId,
            topics: fetchTopics(groupId, topics),
            errorCode: errorCodes.NONE,
          })),
        },
  )
}

/** OffsetDelete, for groups without members. */
export function offsetDeleteRoute({ coordinator, offsets }: Stores): Route {
  return route(offsetDeleteApi, ({ groupId, topics }) => {
    const group = coordinator.find(groupId)
    if (!group && offsets.of(groupId).length === 0)
      return { errorCode: errorCodes.GROUP_ID_NOT_FOUND, topics: [] }
    const errorCode =
      group && group.state !== 'Empty' ? errorCodes.GROUP_SUBSCRIBED_TO_TOPIC : errorCodes.NONE
    if (errorCode === errorCodes.NONE) {
      const gone = topics.flatMap(({ name, partitions }) =>
        partitions.map(({ index }) => ({ topic: name, partition: index })),
      )
      offsets.remove(groupId, gone)
    }
    return {
      errorCode: errorCodes.NONE,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index }) => ({ index, errorCode })),
      })),
    }
  })
}

function committedPartitions(entries: readonly OffsetEntry[]): { name: string; partitions: number[] }[] {
  const byTopic = Map.groupBy(entries, ({ topic }) => topic)
  return [...byTopic].map(([name, found]) => ({ name, partitions: found.map(({ partition }) => partition) }))
}
