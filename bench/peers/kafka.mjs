import { Kafka, logLevel, Partitioners } from 'kafkajs'

// What the peers share: kafkajs with the options that most people use, on the topic that the benchmark has created.

const TOPIC = 'events'
const kafka = new Kafka({ brokers: process.argv[2]?.split(',') ?? [], logLevel: logLevel.ERROR })

/** Returns a function that appends events and resolves when Kafka has acknowledged them. */
export async function startProducer(headersOf = () => ({})) {
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  })
  await producer.connect()
  return (events) =>
    producer.send({
      topic: TOPIC,
      acks: -1,
      messages: events.map((event) => ({
        key: event.subject ?? event.id,
        value: JSON.stringify(event),
        headers: headersOf(event),
      })),
    })
}

/** Calls `push` with each event and its position. Resolves when the consumer has its partitions. */
export async function startConsumer(push) {
  const consumer = kafka.consumer({ groupId: 'push', allowAutoTopicCreation: false })
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.connect()
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ topic, partition, message }) => {
      push({ topic, partition, offset: Number(message.offset), event: JSON.parse(String(message.value)) })
    },
  })
  await joined
}

/** Listens on a free port of loopback, prints it, and ends with the benchmark. */
export function listen(server) {
  server.listen(0, '127.0.0.1', () => process.stdout.write(`ready ${JSON.stringify(server.address())}\n`))
  process.stdin.resume()
  process.stdin.once('end', () => process.exit())
}
