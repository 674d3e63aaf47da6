import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Kafka, logLevel } from 'kafkajs'
import { ensureJars, freePort, startJvm, waitUntilReady } from './jvm.ts'

type StartApacheKafka = {
  port?: number
  dataDir: string
  jarsDir?: string
  log?: (line: string) => void
  secured?: SecuredListener
}

/** A listener beside the one that is open to all. */
export type SecuredListener = {
  /** Where it listens, and where clients are told that it does: `host:port`. */
  listens: string
  advertised: string
  /** Settings of the broker: of TLS, and of the ways to authenticate. */
  settings: Record<string, string | number>
  /** Users of SCRAM, as `--add-scram` of Kafka's own tool takes them. */
  users: string[]
}

// A broker stores its cluster id in its data directory and refuses to start with another one.
const CLUSTER_ID = 'dGlkZXdpcmUta2Fma2Etdw'

/**
 * Starts a real Apache Kafka (KRaft, broker and controller in one process) on the loopback interface.
 * `port` 0 or none takes a free one. `dataDir` is created, or reused if it already contains a log. With `secured` it has
 * one more listener, with SASL over TLS.
 * @returns `endpoint` as `127.0.0.1:port`, and `stop`, which resolves when the JVM is gone.
 * @throws MissingToolError without `java` or `mvn`; Error with the broker's last output if it does not start.
 */
export async function startApacheKafka({
  port = 0,
  dataDir,
  jarsDir,
  log = () => {},
  secured,
}: StartApacheKafka): Promise<{
  endpoint: string
  stop(): Promise<void>
}> {
  const { classpath, version } = await ensureKafkaJars({ log, ...(jarsDir ? { dir: jarsDir } : {}) })
  const home = resolve(dataDir)
  const brokerPort = port || (await freePort())
  const properties = join(home, 'server.properties')
  await mkdir(home, { recursive: true })
  await writeFile(
    properties,
    serverProperties({
      port: brokerPort,
      controllerPort: await freePort(),
      logDir: join(home, 'log'),
      secured,
    }),
  )
  const java = ['-cp', classpath]
  if (!existsSync(join(home, 'log', 'meta.properties'))) {
    const format = startJvm([
      ...java,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      CLUSTER_ID,
      '-c',
      properties,
      ...(secured?.users ?? []).flatMap((user) => ['--add-scram', user]),
    ])
    if ((await format.exited) !== 0) throw new Error(`formatting ${home} failed: ${format.output()}`)
  }
  const jvm = startJvm(['-Xms128m', '-Xmx512m', ...java, 'kafka.Kafka', properties], { cwd: home })
  const endpoint = `127.0.0.1:${brokerPort}`
  await waitUntilReady(jvm, () => readMetadata(endpoint), 60_000)
  log(`Apache Kafka ${version} listens on ${endpoint}`)
  return { endpoint, stop: jvm.stop }
}

async function readMetadata(endpoint: string): Promise<void> {
  const kafka = new Kafka({ brokers: [endpoint], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { controller, brokers } = await admin.describeCluster()
    if (controller === null || brokers.length === 0) throw new Error('no broker is registered yet')
  } finally {
    await admin.disconnect()
  }
}

type ServerSettings = {
  port: number
  controllerPort: number
  logDir: string
  secured: SecuredListener | undefined
}

function serverProperties({ port, controllerPort, logDir, secured }: ServerSettings): string {
  const plain = `PLAINTEXT://127.0.0.1:${port}`
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${plain},CONTROLLER://127.0.0.1:${controllerPort}${secured ? `,SASL_SSL://${secured.listens}` : ''}`,
    'advertised.listeners': `${plain}${secured ? `,SASL_SSL://${secured.advertised}` : ''}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': logDir,
    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // The consumers of a test start one by one. A delay would only make it slow.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    ...secured?.settings,
  }
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}

type KafkaJars = { dir?: string; log?: (line: string) => void }

/**
 * Makes sure that the jars of Apache Kafka and its command-line tools are in `<dir>/lib-<version>`.
 * @returns the Java class path, and the version in the pom.xml.
 * @throws MissingToolError if the jars must be downloaded and `java` or `mvn` is not installed.
 */
export async function ensureKafkaJars({ dir = '.kafka', log = () => {} }: KafkaJars = {}): Promise<{
  classpath: string
  version: string
}> {
  const pom = join(import.meta.dirname, 'apache-kafka.pom.xml')
  const { lib, version } = await ensureJars({ pom, property: 'kafka.version', dir, log })
  return { classpath: join(lib, '*'), version }
}

const MAIN_CLASSES = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  configs: 'kafka.admin.ConfigCommand',
  'log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
} as const

export type KafkaTool = keyof typeof MAIN_CLASSES
type ToolOptions = { input?: string; jarsDir?: string; timeoutMs?: number }

/**
 * Runs one of Apache Kafka's own command-line tools, as `kafka-<name>.sh` would.
 * `input` becomes its standard input; it is killed after `timeoutMs` (60,000).
 * @returns the exit code (null when killed) and everything it wrote.
 * @throws MissingToolError if the jars must be downloaded and `java` or `mvn` is not installed.
 */
export async function kafkaTool(
  name: KafkaTool,
  args: string[],
  { input = '', jarsDir, timeoutMs = 60_000 }: ToolOptions = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { classpath } = await ensureKafkaJars(jarsDir ? { dir: jarsDir } : {})
  const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m', '-cp', classpath]
  const child = spawn('java', [...java, MAIN_CLASSES[name], ...args], { timeout: timeoutMs })
  const exited = once(child, 'exit')
  // A tool that fails early closes its input. The exit code reports the failure, so the broken pipe is ignored.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, stdout, stderr }
}
