import type { KafkaEventLog } from '#shared/adapters/kafka/kafka-event-log.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { within } from '#shared/pipeline/within.ts'
import type { Environment } from './environment.ts'

/** As much as a sandbox may begin later because of it, in milliseconds. The first write tries again. */
const INIT_MS = 2000

type Sandbox = Pick<Environment, 'isLocal' | 'telemetry'> & {
  /** What a test replaces: where the end of the sandbox is told, and what ends it. */
  readonly runtime?: Pick<NodeJS.Process, 'once' | 'exit'>
}

/**
 * Ties a client of Kafka to the life of its sandbox. It is connected in the init phase, where a function has a whole
 * processor and later a part of one, if there are `topics` that it will write to. It is disconnected at the end, which a
 * sandbox hears of if it has an extension
 * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown).
 * Resolves when the function may begin, also if Kafka does not respond. Locally it does nothing.
 */
export async function liveInSandbox(
  log: Pick<KafkaEventLog, 'open' | 'close'>,
  topics: readonly string[],
  { isLocal, telemetry, runtime = process }: Sandbox,
): Promise<void> {
  if (isLocal || telemetry.functionName === undefined) return
  runtime.once('SIGTERM', () => {
    log.close().finally(() => runtime.exit(0))
  })
  if (topics.length === 0) return
  try {
    await within(INIT_MS, log.open(topics), `Kafka did not respond within ${INIT_MS} ms`)
  } catch (error) {
    logError('Kafka is not connected yet', error)
  }
}
