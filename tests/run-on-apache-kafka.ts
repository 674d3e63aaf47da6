import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApacheKafka } from '../localstack/java/start-apache-kafka.ts'
import { startDynamodbLocal } from '../localstack/java/start-dynamodb-local.ts'
import { runVitest } from './support/run-vitest.ts'

/**
 * `npm run test:kafka`: the integration suite against Apache Kafka and DynamoDB Local, both started from Maven
 * Central with the machine's Java, or against `KAFKA_BROKERS` and `DYNAMODB_ENDPOINT` if these are set.
 */
const SUITES = ['tests/clients', 'localstack/msk-trigger', 'shared/adapters']
/** Suites that use the Kafka cluster and the tables in no way that others do not; `npm test` runs them. */
const LEFT_OUT = [
  'access',
  'asyncapi',
  'bad-input',
  'blog-and-sensors-stories',
  'command-line',
  'connections',
  'credentials',
  'data-sets',
  'docs-ingest',
  'erasure',
  'fifth-domain',
  'foreign-pages',
  'github-webhooks',
  'logs',
  'market-story',
  'openapi',
  'openapi-fuzz',
  'policy-matrix',
  'port-story',
  'rate-limit',
  'sign-in',
  'smoke',
  'start-stop',
  'stats',
  'unknown-types',
]
/** Suites that the events of others disturb, or that disturb others; `npm test` runs them. */
const ALONE = [
  'audit', // counts entries of the trail
  'retention', // its events expire: views have more than the log then
]
const log = (line: string) => process.stderr.write(`${line}\n`)
const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-apache-'))
const parts: { stop(): Promise<void> }[] = []
const start = async <T extends { endpoint: string; stop(): Promise<void> }>(part: Promise<T>) => {
  const started = await part
  parts.push(started)
  return started.endpoint
}

try {
  const env = {
    KAFKA_BROKERS:
      process.env.KAFKA_BROKERS ?? (await start(startApacheKafka({ dataDir: join(dataDir, 'kafka'), log }))),
    DYNAMODB_ENDPOINT: process.env.DYNAMODB_ENDPOINT ?? (await start(startDynamodbLocal({ log }))),
  }
  log(`Kafka at ${env.KAFKA_BROKERS}, DynamoDB at ${env.DYNAMODB_ENDPOINT}`)
  const suites = process.argv.length > 2 ? process.argv.slice(2) : [...(await integrationTests()), ...SUITES]
  // One stack at a time, because they share Kafka's topics and consumer groups.
  process.exitCode = await runVitest([...suites, '--no-file-parallelism'], env)
} finally {
  for (const part of parts.reverse()) await part.stop()
  await rm(dataDir, { recursive: true, force: true })
}

async function integrationTests(): Promise<string[]> {
  log(
    `skipped: ${LEFT_OUT.join(', ')}: they use Kafka and the tables in no way that the others do not; npm test runs them`,
  )
  log(
    `skipped: ${ALONE.join(', ')}: what they count or expire is shared by all suites here; npm test runs them`,
  )
  const files = await readdir('tests/integration')
  const names = files.filter((file) => ![...LEFT_OUT, ...ALONE].some((name) => file === `${name}.test.ts`))
  return names.map((file) => `tests/integration/${file}`)
}
