/** The `type` of a config in DescribeConfigs. */
const configTypes = { string: 2, int: 3, long: 5, list: 7 } as const

export type TopicConfigs = {
  /** The value in force: the topic's own, else the default. */
  valueOf(own: Record<string, string>, name: string): string
  /** Why a config cannot be set, or undefined. */
  problemWith(name: string, value: string | null): string | undefined
  describe(own: Record<string, string>): { name: string; value: string; isDefault: boolean; type: number }[]
}

/**
 * The topic configs that this broker knows, with their defaults. `retention.ms`, `max.message.bytes` and
 * `segment.bytes` have an effect; the others are kept and answered, so that real-cluster scripts work.
 */
export function createTopicConfigs(defaults: { retentionMs: number; segmentBytes: number }): TopicConfigs {
  const known = new Map<string, { fallback: string; type: keyof typeof configTypes; allowed?: RegExp }>([
    [
      'cleanup.policy',
      { fallback: 'delete', type: 'list', allowed: /^(delete|compact)(,(delete|compact))?$/ },
    ],
    ['compression.type', { fallback: 'producer', type: 'string' }],
    ['delete.retention.ms', { fallback: '86400000', type: 'long' }],
    ['max.message.bytes', { fallback: '1048588', type: 'int', allowed: /^\d+$/ }],
    ['message.timestamp.type', { fallback: 'CreateTime', type: 'string', allowed: /^CreateTime$/ }],
    ['min.insync.replicas', { fallback: '1', type: 'int' }],
    ['retention.bytes', { fallback: '-1', type: 'long' }],
    ['retention.ms', { fallback: String(defaults.retentionMs), type: 'long' }],
    ['segment.bytes', { fallback: String(defaults.segmentBytes), type: 'int', allowed: /^[1-9]\d+$/ }],
    ['segment.ms', { fallback: '604800000', type: 'long' }],
  ])

  return {
    valueOf: (own, name) => own[name] ?? known.get(name)?.fallback ?? '',
    problemWith(name, value) {
      const config = known.get(name)
      if (!config) return `Unknown topic config name: ${name}`
      if (value === null) return `Null value not supported for topic configs: ${name}`
      const isNumber = config.type === 'int' || config.type === 'long'
      const allowed = config.allowed ?? (isNumber ? /^-?\d+$/ : /./)
      return allowed.test(value) ? undefined : `Invalid value ${value} for configuration ${name}`
    },
    describe: (own) =>
      [...known].map(([name, { fallback, type }]) => ({
        name,
        value: own[name] ?? fallback,
        isDefault: own[name] === undefined,
        type: configTypes[type],
      })),
  }
}
