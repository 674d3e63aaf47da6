import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { ensureKafkaJars } from './kafka-jars.ts'
import { freePort, startJvm, waitUntilReady } from './start-jvm.ts'

type StartApacheKafka = { port?: number; dataDir: string; jarsDir?: string; log?: (line: string) => void }

// A broker keeps its cluster id in its data directory and refuses another one: it is ours to choose, once.
const clusterId = 'dGlkZXdpcmUta2Fma2Etdw'

/**
 * Starts a real Apache Kafka (KRaft, broker and controller in one process) on the loopback interface.
 * `port` 0 or none takes a free one; `dataDir` is created, and reused when it already holds a log.
 * @returns `endpoint` as `127.0.0.1:port`, and `stop`, which resolves when the JVM is gone.
 * @throws MissingToolError without `java` or `mvn`; Error with the broker's last words when it does not start.
 */
export async function startApacheKafka({
  port = 0,
  dataDir,
  jarsDir,
  log = () => {},
}: StartApacheKafka): Promise<{
  endpoint: string
  stop(): Promise<void>
}> {
  const { classpath, version } = await ensureKafkaJars({ log, ...(jarsDir ? { dir: jarsDir } : {}) })
  const home = resolve(dataDir)
  const brokerPort = port || (await freePort())
  const properties = join(home, 'server.properties')
  await mkdir(home, { recursive: true })
  await writeFile(properties, serverProperties(brokerPort, await freePort(), join(home, 'log')))
  const java = ['-cp', classpath]
  if (!existsSync(join(home, 'log', 'meta.properties'))) {
    const format = startJvm([...java, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties])
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

function serverProperties(port: number, controllerPort: number, logDir: string): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
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
    // Consumers of a test start one by one; waiting for more members only makes it slow.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
  }
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}
