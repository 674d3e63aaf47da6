/** The `type` of a config in DescribeConfigs. */
const CONFIG_TYPES = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 } as const
/** The `source` of a config in DescribeConfigs and CreateTopics. */
export const CONFIG_SOURCES = { topic: 1, staticBroker: 4, default: 5 } as const

export type ConfigType = keyof typeof CONFIG_TYPES

/** A config as DescribeConfigs describes it, with `source` and `type` as the protocol numbers them. */
export type DescribedConfig = {
  name: string
  value: string | null
  source: number
  type: number
  synonyms: { name: string; value: string | null; source: number }[]
}

type Config = {
  fallback: string
  type: ConfigType
  min?: number
  max?: number
  /** The only values, or items of a list. */
  values?: readonly string[]
}

export type TopicConfigs = {
  /** The topic's own value, otherwise the default. */
  valueOf(own: Readonly<Record<string, string>>, name: string): string
  /** The reason why a config cannot be set, or null. */
  configProblem(name: string, value: string | null): string | null
  /** Whether a config is a list, to which values can be appended. */
  isList(name: string): boolean
  /** Every known config. */
  describe(own: Readonly<Record<string, string>>): DescribedConfig[]
}

const FOREVER = '9223372036854775807'
const MAX_INT = 2_147_483_647
/** Tiered storage, which this broker does not have. */
const OFF: Config = { fallback: 'false', type: 'boolean', values: ['false'] }

/**
 * The topic configs of Apache Kafka 4.3.1 with their defaults. `cleanup.policy` (for records without a key),
 * `max.message.bytes`, `message.timestamp.…`, `retention.ms`, `segment.ms` and `segment.bytes` have an effect. The
 * others are only stored and described, so that scripts for real clusters work.
 */
export function createTopicConfigs(defaults: { retentionMs: number; segmentBytes: number }): TopicConfigs {
  const known = knownConfigs(defaults)
  return {
    valueOf: (own, name) => own[name] ?? known[name]?.fallback ?? '',
    configProblem(name, value) {
      const config = known[name]
      if (!config) return `Unknown topic config name: ${name}`
      if (value === null) return `Null value not supported for topic configs: ${name}`
      const problem = valueProblem(config, value)
      return problem && `Invalid value ${value} for configuration ${name}: ${problem}`
    },
    isList: (name) => known[name]?.type === 'list',
    describe: (own) =>
      Object.entries(known).map(([name, { fallback, type }]) => {
        const set = own[name]
        const byDefault = { name, value: fallback, source: CONFIG_SOURCES.default }
        const effective = set === undefined ? byDefault : { name, value: set, source: CONFIG_SOURCES.topic }
        const synonyms = set === undefined ? [byDefault] : [effective, byDefault]
        return { ...effective, type: CONFIG_TYPES[type], synonyms }
      }),
  }
}

/** The number of a type in DescribeConfigs. */
export function configTypeNumber(type: ConfigType): number {
  return CONFIG_TYPES[type]
}

/** The items of a list config. */
export function itemsOf(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function knownConfigs({
  retentionMs,
  segmentBytes,
}: {
  retentionMs: number
  segmentBytes: number
}): Readonly<Record<string, Config>> {
  return {
    'cleanup.policy': { fallback: 'delete', type: 'list', values: ['compact', 'delete'] },
    'compression.gzip.level': { fallback: '-1', type: 'int', min: -1, max: 9 },
    'compression.lz4.level': { fallback: '9', type: 'int', min: 1, max: 17 },
    'compression.type': {
      fallback: 'producer',
      type: 'string',
      values: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    },
    'compression.zstd.level': { fallback: '3', type: 'int', min: -131_072, max: 22 },
    'delete.retention.ms': { fallback: '86400000', type: 'long', min: 0 },
    'file.delete.delay.ms': { fallback: '60000', type: 'long', min: 0 },
    'flush.messages': { fallback: FOREVER, type: 'long', min: 1 },
    'flush.ms': { fallback: FOREVER, type: 'long', min: 0 },
    'follower.replication.throttled.replicas': { fallback: '', type: 'list' },
    'index.interval.bytes': { fallback: '4096', type: 'int', min: 0 },
    'leader.replication.throttled.replicas': { fallback: '', type: 'list' },
    'local.retention.bytes': { fallback: '-2', type: 'long', min: -2 },
    'local.retention.ms': { fallback: '-2', type: 'long', min: -2 },
    'max.compaction.lag.ms': { fallback: FOREVER, type: 'long', min: 1 },
    'max.message.bytes': { fallback: '1048588', type: 'int', min: 0 },
    'message.timestamp.after.max.ms': { fallback: '3600000', type: 'long', min: 0 },
    'message.timestamp.before.max.ms': { fallback: FOREVER, type: 'long', min: 0 },
    'message.timestamp.type': { fallback: 'CreateTime', type: 'string', values: ['CreateTime'] },
    'min.cleanable.dirty.ratio': { fallback: '0.5', type: 'double', min: 0, max: 1 },
    'min.compaction.lag.ms': { fallback: '0', type: 'long', min: 0 },
    'min.insync.replicas': { fallback: '1', type: 'int', min: 1 },
    preallocate: { fallback: 'false', type: 'boolean' },
    'remote.log.copy.disable': OFF,
    'remote.log.delete.on.disable': OFF,
    'remote.storage.enable': OFF,
    'retention.bytes': { fallback: '-1', type: 'long' },
    'retention.ms': { fallback: String(retentionMs), type: 'long', min: -1 },
    'segment.bytes': { fallback: String(segmentBytes), type: 'int', min: 10 },
    'segment.index.bytes': { fallback: '10485760', type: 'int', min: 4 },
    'segment.jitter.ms': { fallback: '0', type: 'long', min: 0 },
    'segment.ms': { fallback: '604800000', type: 'long', min: 1 },
    'unclean.leader.election.enable': { fallback: 'false', type: 'boolean' },
  }
}

/** Why this is no value of a config, in the words of Kafka's `ConfigDef`; null if it is one. */
function valueProblem({ type, min, max, values }: Config, value: string): string | null {
  if (type === 'boolean' && value !== 'true' && value !== 'false')
    return 'Expected value to be either true or false'
  if (type === 'int' || type === 'long' || type === 'double') {
    const isNumber = (type === 'double' ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/).test(value)
    if (!isNumber || (type === 'int' && Math.abs(Number(value)) > MAX_INT) || value.length > 20)
      return `Not a number of type ${type.toUpperCase()}`
    if (min !== undefined && Number(value) < min) return `Value must be at least ${min}`
    if (max !== undefined && Number(value) > max) return `Value must be no more than ${max}`
  }
  const wrong = values && (type === 'list' ? itemsOf(value) : [value]).some((item) => !values.includes(item))
  return wrong ? `String must be one of: ${values.join(', ')}` : null
}
