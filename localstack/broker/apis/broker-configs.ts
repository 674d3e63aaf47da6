import {
  CONFIG_SOURCES,
  type ConfigType,
  configTypeNumber,
  type DescribedConfig,
} from '../storage/topic-configs.ts'
import type { BrokerNode } from './cluster.ts'

/** A config of the broker, which only a restart could change. */
export type BrokerConfig = DescribedConfig & { readOnly: boolean }

/** What the options of the broker and its constants are in the configs of Apache Kafka. */
export type BrokerFacts = {
  node: BrokerNode
  dataDir: string
  defaultPartitions: number
  retentionMs: number
  segmentBytes: number
  housekeepingMs: number
  sessionTimeoutMs: { min: number; max: number }
}

type Row = readonly [name: string, type: ConfigType, value: string | number | null]

/**
 * The configs of the broker that say what it does, by their names in Apache Kafka 4.3.1. Kafka UIs and scripts read
 * them; those that describe what this broker does not have are left out.
 */
export function brokerConfigs(facts: BrokerFacts): BrokerConfig[] {
  const { node, dataDir, sessionTimeoutMs } = facts
  const address = `PLAINTEXT://${node.host}:${node.port}`
  const chosen: Row[] = [
    ['advertised.listeners', 'list', address],
    ['auto.create.topics.enable', 'boolean', 'false'],
    ['broker.id', 'int', node.nodeId],
    ['controller.quorum.voters', 'list', `${node.nodeId}@${node.host}:${node.port}`],
    ['group.coordinator.rebalance.protocols', 'list', 'classic'],
    ['group.initial.rebalance.delay.ms', 'int', 0],
    ['listeners', 'list', address],
    ['log.dirs', 'list', dataDir],
    ['log.retention.check.interval.ms', 'long', facts.housekeepingMs],
    ['log.retention.ms', 'long', facts.retentionMs],
    ['log.segment.bytes', 'int', facts.segmentBytes],
    ['node.id', 'int', node.nodeId],
    ['num.partitions', 'int', facts.defaultPartitions],
    ['offsets.topic.replication.factor', 'int', 1],
    ['process.roles', 'list', 'broker,controller'],
  ]
  const asInKafka: Row[] = [
    ['broker.rack', 'string', null],
    ['compression.type', 'string', 'producer'],
    ['default.replication.factor', 'int', 1],
    ['delete.topic.enable', 'boolean', 'true'],
    ['group.max.session.timeout.ms', 'int', sessionTimeoutMs.max],
    ['group.min.session.timeout.ms', 'int', sessionTimeoutMs.min],
    ['inter.broker.listener.name', 'string', 'PLAINTEXT'],
    ['log.cleanup.policy', 'list', 'delete'],
    ['log.message.timestamp.after.max.ms', 'long', 3_600_000],
    ['log.message.timestamp.before.max.ms', 'long', '9223372036854775807'],
    ['log.message.timestamp.type', 'string', 'CreateTime'],
    ['log.retention.bytes', 'long', -1],
    ['log.roll.ms', 'long', 604_800_000],
    ['message.max.bytes', 'int', 1_048_588],
    ['min.insync.replicas', 'int', 1],
    ['offset.metadata.max.bytes', 'int', 4096],
    ['offsets.retention.minutes', 'int', 10_080],
    ['producer.id.expiration.ms', 'int', 86_400_000],
    ['socket.request.max.bytes', 'int', 104_857_600],
    ['unclean.leader.election.enable', 'boolean', 'false'],
  ]
  return [
    ...chosen.map((row) => described(row, CONFIG_SOURCES.staticBroker)),
    ...asInKafka.map((row) => described(row, CONFIG_SOURCES.default)),
  ]
}

function described([name, type, set]: Row, source: number): BrokerConfig {
  const value = set === null ? null : String(set)
  const synonyms = [{ name, value, source }]
  return { name, value, source, type: configTypeNumber(type), synonyms, readOnly: true }
}
