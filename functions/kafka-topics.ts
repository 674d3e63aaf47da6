import * as z from 'zod'
import { refusesUser } from '#shared/adapters/kafka/connection-age.ts'
import { ensureTopics, refusesTopics, type WantedTopic } from '#shared/adapters/kafka/kafka-topics.ts'
import {
  type Attributes,
  customResource,
  type ResourceProperties,
} from '#shared/adapters/lambda/custom-resource.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import { writeLog } from '#shared/pipeline/log.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { Clock } from '#shared/pipeline/poll.ts'
import { within } from '#shared/pipeline/within.ts'
import { clock, kafkaAccessOf } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type KafkaTopicsDeps = {
  /** Creates and changes topics, and returns what it changed, in words. */
  readonly ensure: (topics: readonly WantedTopic[]) => Promise<readonly string[]>
  /** Where Kafka is, for a message. */
  readonly brokers: string
  readonly sleep: Clock['sleep']
}

const topicSchema = z.object({
  Name: z.string().min(1),
  Partitions: z.coerce.number().int().min(1),
  RetentionMs: z.coerce.number().int().min(-1).optional(),
})
const schema = z.object({ Topics: z.array(topicSchema) })

/** A try that takes longer found brokers that do not respond. */
const TRY_MS = 60_000
/** A cluster, a role or a user that was just created is known everywhere after a while. */
const PAUSE_MS = 5000

export function composeKafkaTopics(env: Environment): KafkaTopicsDeps {
  const access = kafkaAccessOf(env, 'tidewire-topics')
  return {
    ensure: (topics) => ensureTopics(access, topics),
    brokers: env.kafka.brokers.join(','),
    sleep: clock.sleep,
  }
}

/** Makes the topics of a stage as its template wants them. It tries for as long as there is time. */
export async function makeTopics(
  properties: ResourceProperties,
  leftMs: () => number,
  { ensure, brokers, sleep }: KafkaTopicsDeps,
): Promise<Attributes> {
  const topics = schema
    .parse(properties)
    .Topics.map(({ Name: name, Partitions: partitions, RetentionMs: retentionMs }) => ({
      name,
      partitions,
      retentionMs,
    }))
  for (;;) {
    try {
      const trying = within(Math.min(TRY_MS, leftMs()), ensure(topics), 'Kafka does not respond')
      for (const change of await trying)
        writeLog('INFO', 'a topic was made as the template wants it', { change })
      return {}
    } catch (error) {
      if (refusesTopics(error) || leftMs() < 2 * PAUSE_MS)
        throw new Error(adviceOn(error, brokers), { cause: error })
      logError('the topics are not made yet', error)
      await sleep(PAUSE_MS)
    }
  }
}

function adviceOn(error: unknown, brokers: string): string {
  const told = messageOf(error)
  if (refusesTopics(error))
    return `Kafka refuses the topics: ${told}. Change what was asked for, and deploy again.`
  if (refusesUser(error))
    return `Kafka at ${brokers} refuses the function kafka-topics: ${told}. Check that its role has kafka-cluster:Connect, or that kafkaSecret has a user and a password that Kafka knows.`
  if (/authoriz/i.test(told))
    return `Kafka at ${brokers} does not let the function kafka-topics work on topics: ${told}. It must be allowed to list, create, describe and alter them and their settings.`
  return `Kafka at ${brokers} does not respond to the function kafka-topics: ${told}. Check that its subnets have a route to the brokers, and that the security group of the brokers lets its own in.`
}

/** The custom resource `KafkaTopics`. What is wrong with its environment is told as its failure. */
export const handler = customResource(
  (properties, leftMs) => makeTopics(properties, leftMs, composeKafkaTopics(readEnvironment(process.env))),
  { sleep: clock.sleep },
)
