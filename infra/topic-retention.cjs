/**
 * The minimum `retention.ms` of each topic in Kafka: what the log promises, and its grace. The functions keep a copy of
 * every event for that long; Kafka is what views are rebuilt from, so it must not forget first.
 */
module.exports = async ({ resolveVariable }) => {
  const { readRetention } = await import('./read-retention.ts')
  const { storedFor } = await import('../shared/core/retention.ts')
  const retention = await readRetention(await resolveVariable('param:retention'))
  const topics = await resolveVariable('self:custom.topics.names')
  return Object.fromEntries(topics.map((topic) => [topic, storedFor(retention.ofTopic(topic)) * 1000]))
}
