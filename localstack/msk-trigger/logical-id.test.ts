import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { kafkaLogicalId, mskLogicalId } from './logical-id.ts'

const naming: {
  getMSKEventLogicalId(functionKey: string, cluster: string, topic: string): string
  getKafkaEventLogicalId(functionKey: string, topic: string): string
} = createRequire(import.meta.url)('serverless/lib/plugins/aws/lib/naming.js')

test.each([
  ['deliver', 'EventsCluster', 'port-events'],
  ['deliver-shard_2', 'my.cluster-1', 'sensor.readings_v1'],
  ['fold', 'c'.repeat(100), 't'.repeat(240)],
])('the logical ids of %s are those of the framework', (functionKey, cluster, topic) => {
  expect(mskLogicalId(functionKey, cluster, topic)).toBe(
    naming.getMSKEventLogicalId(functionKey, cluster, topic),
  )
  expect(kafkaLogicalId(functionKey, topic)).toBe(naming.getKafkaEventLogicalId(functionKey, topic))
})
