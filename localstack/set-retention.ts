import { adminApis, type BrokerConnection, connectToAny } from './broker/connect-to-broker.ts'

type Options = {
  readonly brokers: readonly string[]
  /** The `retention.ms` of each topic. */
  readonly retentionMs: Readonly<Record<string, number>>
  /** Whether a topic that keeps its records longer is changed too. A cluster of others is never made to forget. */
  readonly mayShorten: boolean
  readonly log: (line: string) => void
}

/** A topic whose `retention.ms` is another; Infinity keeps everything. */
type Change = { readonly topic: string; readonly is: number; readonly wanted: number }

// https://kafka.apache.org/documentation/#topicconfigs_retention.ms
const RETENTION_MS = 'retention.ms'
const FOREVER = '-1'
const TOPIC = 2
const SET = 0

/**
 * Gives topics that exist the `retention.ms` of the service, and logs in a line what it changed. A topic whose
 * `retention.ms` cannot be read or changed is logged too and stays as it is. Rejects if no broker can be reached.
 */
export async function setRetention({ brokers, retentionMs, mayShorten, log }: Options): Promise<void> {
  const kafka = await connectToAny(brokers, 'tidewire-local')
  try {
    const { found, problems } = await describe(kafka, Object.keys(retentionMs))
    const changes = [...found].flatMap(([topic, is]): Change[] => {
      const wanted = retentionMs[topic] ?? is
      return wanted > is || (wanted < is && mayShorten) ? [{ topic, is, wanted }] : []
    })
    const failures = changes.length > 0 ? await alter(kafka, changes) : new Map<string, string>()
    const changed = changes.filter(({ topic }) => !failures.has(topic))
    const failed = changes.filter(({ topic }) => failures.has(topic))
    if (changed.length > 0) log(`Kafka keeps records as RETENTION says now: ${listOf(changed)}`)
    if (failed.length > 0) {
      const [reason] = failures.values()
      log(`Kafka forgets before the log does, set retention.ms: ${listOf(failed)} (${reason})`)
    }
    if (problems.length > 0) log(`Kafka does not say how long it keeps ${problems.join(', ')}`)
  } finally {
    kafka.close()
  }
}

async function describe(kafka: BrokerConnection, topics: readonly string[]) {
  const { results } = await kafka.call(adminApis.describeConfigs, {
    resources: topics.map((name) => ({ type: TOPIC, name, keys: [RETENTION_MS] })),
    includeSynonyms: false,
    includeDocumentation: false,
  })
  const found = new Map<string, number>()
  const problems: string[] = []
  for (const { name, errorCode, errorMessage, configs } of results) {
    const value = configs.find((config) => config.name === RETENTION_MS)?.value
    if (value) found.set(name, value === FOREVER ? Number.POSITIVE_INFINITY : Number(value))
    else problems.push(`${name} (${errorMessage || `error ${errorCode}`})`)
  }
  return { found, problems }
}

/** Returns the reason for each topic that could not be changed. The other configs of a topic stay as they are. */
async function alter(kafka: BrokerConnection, changes: readonly Change[]): Promise<Map<string, string>> {
  const { results } = await kafka.call(adminApis.incrementalAlterConfigs, {
    resources: changes.map(({ topic, wanted }) => ({
      type: TOPIC,
      name: topic,
      configs: [{ name: RETENTION_MS, operation: SET, value: String(wanted) }],
    })),
    validateOnly: false,
  })
  const failed = results.filter(({ errorCode }) => errorCode !== 0)
  return new Map(
    failed.map(({ name, errorCode, errorMessage }) => [name, errorMessage || `error ${errorCode}`]),
  )
}

function listOf(changes: readonly Change[]): string {
  return changes.map(({ topic, is, wanted }) => `${topic} ${hours(is)} → ${hours(wanted)}`).join(', ')
}

function hours(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'for good'
  const minutes = ms / 60_000
  return minutes < 120 ? `${+minutes.toFixed(1)} min` : `${+(minutes / 60).toFixed(1)} h`
}
