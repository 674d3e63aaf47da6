import { decodeMessage, encodeMessage, messages } from '../broker/connect-to-broker.ts'

/** The name and the encoding are those of kafkajs, so that its consumers can be in the same group. */
export const PROTOCOL = 'RoundRobinAssigner'

/** Returns what a member tells its group's leader: that it consumes one topic. */
export function encodeSubscription(topic: string): Buffer {
  return encodeMessage(messages.subscription, { version: 0, topics: [topic], userData: NOTHING })
}

/** Returns the partitions of the topic that a leader has assigned, in ascending order. */
export function decodeAssignment(assignment: Buffer, topic: string): number[] {
  // A member that has nothing may get nothing.
  if (assignment.length === 0) return []
  const { topics } = decodeMessage(messages.assignment, assignment)
  const own = topics.filter(({ name }) => name === topic)
  return own.flatMap(({ partitions }) => partitions).sort((left, right) => left - right)
}

type Partitions = { topic: string; partitions: readonly number[] }

/** Deals the partitions of a topic out to the members of a group. */
export function assignRoundRobin(
  memberIds: readonly string[],
  { topic, partitions }: Partitions,
): { memberId: string; assignment: Buffer }[] {
  const sorted = memberIds.toSorted()
  return sorted.map((memberId, turn) => {
    const own = partitions.filter((_, index) => index % sorted.length === turn)
    const topics = [{ name: topic, partitions: own }]
    return {
      memberId,
      assignment: encodeMessage(messages.assignment, { version: 0, topics, userData: NOTHING }),
    }
  })
}

const NOTHING = Buffer.alloc(0)
