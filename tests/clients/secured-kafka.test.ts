import { Buffer } from 'node:buffer'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bearerMechanism } from '#shared/adapters/kafka/bearer-mechanism.ts'
import { type KafkaAccess, type KafkaAuth, kafkaAccess } from '#shared/adapters/kafka/kafka-access.ts'
import { kafkaEventLog } from '#shared/adapters/kafka/kafka-event-log.ts'
import { kafkaLogInspector } from '#shared/adapters/kafka/kafka-log-inspector.ts'
import { kafkaLogReader } from '#shared/adapters/kafka/kafka-log-reader.ts'
import { ensureTopics } from '#shared/adapters/kafka/kafka-topics.ts'
import { javaProblem } from '../../localstack/java/jvm.ts'
import { type SecuredKafka, startSecuredKafka } from './start-secured-kafka.ts'

// `npm run test:kafka` runs it; `npm test` has no Java.
const skipped =
  process.env.KAFKA_BROKERS || process.env.JAVA_TESTS ? await javaProblem() : 'npm run test:kafka runs it'
if (skipped) console.log(`skipping Apache Kafka over SASL_SSL: ${skipped}`)

let kafka: SecuredKafka
let folder: string
const topic = 'secured'
const record = () => ({ topic, key: 'k', value: Buffer.from('{}'), headers: {} })

beforeAll(async () => {
  if (skipped) return
  folder = await mkdtemp(join(tmpdir(), 'secured-kafka-'))
  kafka = await startSecuredKafka(folder)
  const admin = new Kafka({ brokers: [kafka.open], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: true })
  await admin.disconnect()
}, 120_000)
afterAll(async () => {
  await kafka?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Access as a function has it, that trusts the authority of the test. The secret has this password. */
function accessBy(auth: KafkaAuth, password = async () => kafka.user.password): KafkaAccess {
  const readSecret = async () => ({
    value: JSON.stringify({ username: kafka.user.username, password: await password() }),
    created: 1,
  })
  const aws = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }
  const settings = { brokers: [kafka.secured], auth, secretArn: 'arn', topicPrefix: '' }
  const access = kafkaAccess(settings, { clientId: 'test', readSecret, aws, now: Date.now })
  return { ...access, ssl: { ca: kafka.ca } }
}

/** A token that the broker takes, without a signature: it has no validator of the tokens of AWS. */
function tokenFor(seconds: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(Date.now() / 1000)
  return `${part({ alg: 'none' })}.${part({ sub: 'tester', iat, exp: iat + seconds })}.`
}

/** The access of IAM, with tokens that last for some seconds; `made` has the time at which each one was asked for. */
function accessByToken(seconds: number) {
  const made: number[] = []
  const sasl = bearerMechanism(async () => {
    made.push(Date.now())
    return tokenFor(seconds)
  })
  return { made, access: { ...accessBy('iam'), sasl } }
}

async function writeAndRead(access: KafkaAccess): Promise<void> {
  const [position] = await kafkaEventLog(access).append([record()])
  const inspector = kafkaLogInspector(access)
  const { records } = await inspector.fetch({ topic, partition: 0, offset: position?.offset ?? -1 }, 1000)

  expect(records[0]).toMatchObject({ ...position, value: Buffer.from('{}') })
  const [held] = await kafkaLogReader(access).held([topic])
  expect(held?.end).toBeGreaterThan(position?.offset ?? Number.POSITIVE_INFINITY)
}

describe.skipIf(skipped)('Apache Kafka over SASL_SSL', () => {
  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'is written and read with %s and the password of the secret',
    (auth) => writeAndRead(accessBy(auth)),
  )

  test('is written and read with a token', () => writeAndRead(accessByToken(900).access))

  test('refuses a token of AWS in one try, because it has no validator of them', async () => {
    const refused = await kafkaEventLog(accessBy('iam'))
      .append([record()])
      .catch((error: unknown) => error)

    expect(refused).toMatchObject({ code: 'unavailable' })
    expect(String((refused as Error).cause)).toContain('Kafka refuses the token: {"status":"invalid_token"}')
  })

  test('is not reached without TLS, nor with a certificate that nobody knows', async () => {
    for (const ssl of [false, true])
      await expect(
        kafkaEventLog({ ...accessBy('plain'), ssl }, { patienceMs: 1500 }).append([record()]),
      ).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('is written again after the password was rotated, by the write that finds it refused', async () => {
    const passwords = ['old', kafka.user.password]
    const access = accessBy('scram-sha-512', async () => passwords.shift() ?? kafka.user.password)

    expect(await kafkaEventLog(access).append([record()])).toHaveLength(1)
  })

  test('is written while kafkajs takes new tokens on an open connection, and nothing is lost or doubled', async () => {
    // It does so 10 s before the end, and Kafka takes one a second.
    const { made, access } = accessByToken(12)
    const log = kafkaEventLog({ ...access, lastsMs: 600_000 })
    const offsets: number[] = []
    while (made.length < 3) {
      offsets.push((await log.append([record()]))[0]?.offset ?? -1)
      await setTimeout(50)
    }

    expect(offsets).toEqual(offsets.map((_, index) => (offsets[0] ?? 0) + index))
  })

  test('is written and read on new connections after the network forgot the old ones', async () => {
    const access = accessBy('scram-sha-512')
    const log = kafkaEventLog(access)
    const inspector = kafkaLogInspector(access)
    await log.append([record()])
    await inspector.layout()
    kafka.proxy.forget()

    const begin = performance.now()
    const positions = await log.append([record()])
    const wrote = performance.now()
    const { topics } = await inspector.layout()
    const [write, read] = [wrote - begin, performance.now() - wrote].map(Math.round)
    console.log(`a silent drop over SASL_SSL: write ${write} ms, read ${read} ms`)

    expect(positions).toHaveLength(1)
    expect(topics.map(({ name }) => name)).toContain(topic)
  })

  test('gets the topics of a stage: missing ones, partitions, and a longer retention', async () => {
    const access = accessBy('scram-sha-512')
    const wanted = { name: 'stage.made', partitions: 2, retentionMs: 60_000 }
    const made = [
      await ensureTopics(access, [wanted]),
      await ensureTopics(access, [wanted]),
      await ensureTopics(access, [{ ...wanted, partitions: 3, retentionMs: 120_000 }]),
      await ensureTopics(access, [{ ...wanted, partitions: 1, retentionMs: 1000 }]),
    ]
    const inspector = kafkaLogInspector({ ...access, topicPrefix: 'stage.' })
    const { topics } = await inspector.layout()
    const settings = await inspector.settings('made')

    expect(made).toEqual([
      ['stage.made was created with 2 partitions'],
      [],
      ['stage.made has 3 partitions, not 2', 'stage.made keeps records for 120000 ms, not 60000'],
      [],
    ])
    expect(topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([['made', 3]])
    expect(settings).toContainEqual({ name: 'retention.ms', value: '120000', isDefault: false })
  })
})
