import { randomUUID } from 'node:crypto'
import type { Kafka, Producer } from 'kafkajs'
import { type Discarded, toInvocationRecord } from './invocation-record.ts'

export type Destination = {
  /** Rejects when the on-failure topic cannot be written. Does nothing for a mapping without one. */
  discard(discarded: Discarded): Promise<void>
  close(): Promise<void>
}

/** Writes discarded batches to the on-failure topics, over one producer that connects when it is needed. */
export function createDestination(kafka: Kafka): Destination {
  let connected: Promise<Producer> | undefined

  async function connect(): Promise<Producer> {
    const producer = kafka.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    return producer
  }

  return {
    async discard(discarded) {
      const { mapping, records } = discarded
      if (!mapping.onFailureTopic) return
      const record = toInvocationRecord(discarded, { requestId: randomUUID(), now: new Date() })
      const messages = [{ key: `${mapping.topic}-${records[0]?.partition}`, value: JSON.stringify(record) }]
      connected ??= connect()
      try {
        const producer = await connected
        await producer.send({ topic: mapping.onFailureTopic, acks: -1, messages })
      } catch (error) {
        // A producer that failed to connect stays failed, so the next attempt makes a new one.
        connected.then((producer) => producer.disconnect()).catch(() => {})
        connected = undefined
        throw error
      }
    },
    async close() {
      const producer = await connected?.catch(() => undefined)
      await producer?.disconnect()
    },
  }
}
