import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryDirectory } from './testing/temporary-directory.ts'

const ROUNDS = 4
const LOOPS = 4
/** The minimum of acknowledged sends in a round. */
const SENDS = 100
const BATCH = [0, 1, 2]
const TOPIC = 'killed'
/** So small that segments end all the time. */
const SEGMENT_BYTES = '5000'

type Spawned = { child: ChildProcess; endpoint: string }

/** Starts a broker in a process of its own and resolves with its endpoint. */
async function spawnBroker(dataDir: string): Promise<Spawned> {
  const module = new URL('./start-broker.ts', import.meta.url).href
  const script = `
    const { startBroker } = await import(${JSON.stringify(module)})
    const { endpoint } = await startBroker({ port: 0, dataDir: ${JSON.stringify(dataDir)} })
    console.log(endpoint)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (line) => resolve(String(line).trim()))
    child.once('exit', (code) => reject(new Error(`the broker ended with ${code}`)))
  })
  return { child, endpoint }
}

function connect(endpoint: string): Kafka {
  return new Kafka({ brokers: [endpoint], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
}

/**
 * Produces from several loops at once and kills the broker after `sends` acknowledgements, while the other loops wait
 * for theirs. Returns value by offset of what was acknowledged.
 */
async function produceAndKill(
  { child, endpoint }: Spawned,
  round: number,
  sends: number,
): Promise<Map<string, string>> {
  const acknowledged = new Map<string, string>()
  const producer = connect(endpoint).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  let count = 0
  const produce = async (loop: number): Promise<void> => {
    for (let turn = 0; ; turn += 1) {
      const values = BATCH.map((each) => `${round}-${loop}-${turn}-${each}-${'x'.repeat(turn % 500)}`)
      const [sent] = await producer.send({
        topic: TOPIC,
        acks: -1,
        messages: values.map((value) => ({ value })),
      })
      values.forEach((value, index) => {
        acknowledged.set(String(Number(sent?.baseOffset) + index), value)
      })
      count += 1
      if (count === sends) child.kill('SIGKILL')
    }
  }
  // Each loop ends with an error when the broker is gone.
  await Promise.allSettled(Array.from({ length: LOOPS }, (_, loop) => produce(loop)))
  await producer.disconnect()
  return acknowledged
}

async function createTopic(endpoint: string): Promise<void> {
  const admin = connect(endpoint).admin()
  await admin.connect()
  const configEntries = [{ name: 'segment.bytes', value: SEGMENT_BYTES }]
  await admin.createTopics({ topics: [{ topic: TOPIC, configEntries }] })
  await admin.disconnect()
}

/** Everything in the topic, value by offset. */
async function readAll(endpoint: string): Promise<Map<string, string>> {
  const kafka = connect(endpoint)
  const admin = kafka.admin()
  await admin.connect()
  const end = Number((await admin.fetchTopicOffsets(TOPIC))[0]?.high)
  await admin.disconnect()
  const found = new Map<string, string>()
  const consumer = kafka.consumer({ groupId: `reader-${end}` })
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        found.set(message.offset, String(message.value))
        if (Number(message.offset) === end - 1) resolve()
      },
    })
  })
  await consumer.disconnect()
  return found
}

describe('a broker that is killed with SIGKILL', () => {
  it('has every acknowledged record at its offset when it is started again', {
    timeout: 60_000,
  }, async () => {
    const dataDir = temporaryDirectory()
    const acknowledged = new Map<string, string>()

    for (let round = 0; round < ROUNDS; round += 1) {
      const sends = SENDS + Math.floor(Math.random() * 200)
      const broker = await spawnBroker(dataDir)
      if (round === 0) await createTopic(broker.endpoint)
      const produced = await produceAndKill(broker, round, sends)
      for (const [offset, value] of produced) acknowledged.set(offset, value)
    }
    const { endpoint } = await spawnBroker(dataDir)
    const found = await readAll(endpoint)

    const [topicId = ''] = readdirSync(join(dataDir, 'topics'))
    const files = readdirSync(join(dataDir, 'topics', topicId, '0'))
    expect(files.filter((name) => name.endsWith('.index')).length).toBeGreaterThan(ROUNDS)
    expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * SENDS * BATCH.length)
    for (const [offset, value] of acknowledged) expect(found.get(offset)).toBe(value)
  })
})
