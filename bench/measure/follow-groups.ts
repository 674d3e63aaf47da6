import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'

type Ends = ReadonlyMap<string, number>

const POLL_MS = 50

/** Follows the consumer groups of a cluster. */
export function followGroups(brokers: string) {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING, retry: { retries: 2 } }).admin()

  /** The next offset of each partition of the topics that any group consumes. */
  async function ends(topics: Iterable<string>): Promise<Ends> {
    const found = new Map<string, number>()
    for (const topic of topics)
      for (const { partition, offset } of await admin.fetchTopicOffsets(topic))
        found.set(`${topic}/${partition}`, Number(offset))
    return found
  }

  async function committed(groupId: string): Promise<Ends> {
    const topics = await admin.fetchOffsets({ groupId })
    return new Map(
      topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)] as const),
      ),
    )
  }

  return {
    connect: () => admin.connect(),
    disconnect: () => admin.disconnect(),
    /**
     * Waits until every group whose id begins with a prefix has committed what is in its topics now. Returns the
     * milliseconds since `begin` at which the groups of each prefix were done, and how many records they were behind.
     */
    async untilCaughtUp(prefixes: readonly string[], begin: number) {
      const { groups } = await admin.listGroups()
      const followed = await Promise.all(
        groups
          .filter(({ groupId }) => prefixes.some((prefix) => groupId.startsWith(prefix)))
          .map(async ({ groupId }) => ({ groupId, at: await committed(groupId) })),
      )
      const topics = new Set(
        followed.flatMap(({ at }) => [...at.keys()].map((key) => key.replace(/\/\d+$/, ''))),
      )
      const goal = await ends(topics)
      return Promise.all(
        prefixes.map(async (prefix) => {
          const own = followed.filter(({ groupId }) => groupId.startsWith(prefix))
          const behind = own.reduce((sum, { at }) => sum + distance(at, goal), 0)
          for (const { groupId } of own)
            while (distance(await committed(groupId), goal) > 0) await sleep(POLL_MS)
          return { prefix, behind, ms: performance.now() - begin }
        }),
      )
    },
  }
}

/** How many records of the partitions that a group has committed are below their ends and not committed. */
function distance(at: Ends, goal: Ends): number {
  return [...at].reduce(
    (sum, [key, offset]) => sum + Math.max(0, (goal.get(key) ?? 0) - Math.max(0, offset)),
    0,
  )
}
