import { isAbsolute, join } from 'node:path'
import { startBrokerWorker } from '../../../localstack/broker/start-broker-worker.ts'
import { createTopics } from '../../../localstack/create-topics.ts'
import {
  type MskTriggerOptions,
  readTriggerTopics,
  startMskTrigger,
} from '../../../localstack/msk-trigger/start-msk-trigger.ts'
import { readSettings, type Settings } from './settings.ts'

/** What the plugin uses of the Serverless Framework. */
type Serverless = {
  serviceDir: string
  service: MskTriggerOptions['service'] & {
    provider: { environment?: Record<string, unknown> }
    custom?: Record<string, unknown>
  }
  /** The framework prints its own class of errors without a stack. */
  classes: { Error: new (message: string, code: string) => Error }
}
type CliOptions = Record<string, unknown>
type Log = (line: string) => void
type Part = { stop(): Promise<void> }

/** Starts Kafka before serverless-offline, and invokes the functions once that has started. */
class ServerlessOfflineMsk {
  readonly hooks: Record<string, () => Promise<void>>

  constructor(
    serverless: Serverless,
    cliOptions: CliOptions,
    { log }: { log: { notice(line: string): void } },
  ) {
    const report: Log = (line) => log.notice(`[msk] ${line}`)
    const parts: Part[] = []
    let brokers: string[] = []

    const startKafka = async (): Promise<void> => {
      const { service, serviceDir, classes } = serverless
      try {
        const kafka = await openKafka(service, serviceDir, report)
        parts.push(kafka)
        brokers = kafka.brokers
      } catch (error) {
        throw new classes.Error(error instanceof Error ? error.message : String(error), 'OFFLINE_MSK')
      }
      service.provider.environment = { KAFKA_BROKERS: brokers.join(','), ...service.provider.environment }
    }
    const startTrigger = async (): Promise<void> => {
      const { service } = serverless
      const lambda = readLambda(service.custom?.['serverless-offline'], cliOptions)
      parts.push(startMskTrigger({ ...lambda, service, brokers, log: report }))
    }

    this.hooks = {
      'before:offline:start:init': startKafka,
      'after:offline:start:init': startTrigger,
      'before:offline:start:end': async () => {
        for (const part of parts.reverse()) await part.stop()
      },
      // `serverless offline` has one step, which ends with the process: the trigger waits for the functions.
      'before:offline:start': async () => {
        await startKafka()
        await startTrigger()
      },
    }
  }
}

/** Starts the embedded broker and creates its topics, unless the project has a cluster, which keeps its topics. */
async function openKafka(
  service: Serverless['service'],
  serviceDir: string,
  log: Log,
): Promise<Part & { brokers: string[] }> {
  const settings = readSettings(service.custom?.['serverless-offline-msk'])
  const triggering = readTriggerTopics(service)
  if (settings.brokers) {
    log(`Kafka: ${settings.brokers.join(',')}`)
    return { brokers: settings.brokers, stop: async () => {} }
  }
  const names = new Set([...triggering, ...Object.keys(settings.topics)])
  const topics = [...names].map((topic) => ({
    topic,
    numPartitions: settings.topics[topic] ?? settings.partitions,
  }))
  const { endpoint, stop } = await startBroker(settings, serviceDir, log)
  try {
    await createTopics(topics, [endpoint])
  } catch (error) {
    await stop()
    throw error
  }
  log(`Kafka: ${endpoint}, data in ${settings.dataDir}`)
  return { brokers: [endpoint], stop }
}

async function startBroker({ kafkaPort, dataDir }: Settings, serviceDir: string, log: Log) {
  const folder = isAbsolute(dataDir) ? dataDir : join(serviceDir, dataDir)
  try {
    return await startBrokerWorker({ port: kafkaPort, dataDir: folder, log })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken) throw error
    const advice = 'choose another with custom.serverless-offline-msk.kafkaPort, or use what listens: brokers'
    throw new Error(`Port ${kafkaPort} is in use: ${advice}`, { cause: error })
  }
}

/** serverless-offline's defaults. */
const LAMBDA_PORT = 3002
const HOST = 'localhost'
/** With --noTimeout a function may stay at a breakpoint for a day. */
const NO_TIMEOUT_MS = 24 * 60 * 60 * 1000

/** Returns where serverless-offline serves Lambda's Invoke API, by its settings and the flags of its command. */
function readLambda(settings: unknown, cliOptions: CliOptions) {
  const options: CliOptions = { ...(typeof settings === 'object' ? settings : {}), ...cliOptions }
  const { host = HOST, lambdaPort = LAMBDA_PORT, noTimeout } = options
  // All interfaces are no address to connect to.
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host
  return {
    lambdaEndpoint: `http://${reachable}:${lambdaPort}`,
    ...(noTimeout ? { timeoutMs: NO_TIMEOUT_MS } : {}),
  }
}

// biome-ignore lint/style/noDefaultExport: the framework loads a plugin by its default export
export default ServerlessOfflineMsk
