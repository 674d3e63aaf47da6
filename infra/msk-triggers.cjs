/**
 * The functions of serverless.yml that the topics trigger: `fold`, and one `deliver` for each of `params.shards` shares
 * of the connections, each with consumer groups of its own. A group of `deliver` has the number of shards in its name:
 * after a change every shard reads the log from its beginning once, since nobody else knows what its connections still
 * miss. What is stored already changes nothing.
 */
const BATCH_SIZE = 500

async function read({ resolveVariable }) {
  const shards = Number(await resolveVariable('param:shards'))
  if (!Number.isInteger(shards) || shards < 1 || shards > 64)
    throw new Error(`params.shards is ${shards}; it must be a whole number from 1 to 64`)
  const arn = await resolveVariable('param:kafkaClusterArn')
  const prefix = `${await resolveVariable('self:service')}-${await resolveVariable('sls:stage')}`
  return { shards, arn, prefix, topics: await resolveVariable('self:custom.topics.names') }
}

const deliverKey = (shard) => (shard === 0 ? 'deliver' : `deliver${shard}`)

/** Each function with its key, its handler, and the consumer group that it has for a topic. */
function consumersOf({ shards, prefix }) {
  // Which shard a function has is looked up by its name: locally all of them share one process and its environment.
  const DELIVER_SHARDS = Array.from(
    { length: shards },
    (_, shard) => `${prefix}-${deliverKey(shard)}=${shard}`,
  )
  const delivers = Array.from({ length: shards }, (_, shard) => ({
    key: deliverKey(shard),
    handler: 'functions/deliver.handler',
    environment: { DELIVER_SHARDS: DELIVER_SHARDS.join(',') },
    groupOf: (topic) => `tidewire-deliver-${shard}-of-${shards}-${topic}`,
  }))
  const fold = {
    key: 'fold',
    handler: 'functions/fold.handler',
    groupOf: (topic) => `tidewire-fold-${topic}`,
  }
  return [...delivers, fold]
}

/** The functions by key. */
module.exports.functions = async (variables) => {
  const service = await read(variables)
  const trigger = (topic, consumerGroupId) => ({
    arn: service.arn,
    topic,
    startingPosition: 'TRIM_HORIZON',
    batchSize: BATCH_SIZE,
    consumerGroupId,
  })
  return Object.fromEntries(
    consumersOf(service).map(({ key, handler, environment, groupOf }) => [
      key,
      {
        handler,
        timeout: 60,
        ...(environment && { environment }),
        events: service.topics.map((topic) => ({ msk: trigger(topic, groupOf(topic)) })),
      },
    ]),
  )
}

/** What the framework's `msk` event cannot say of the mappings, by logical id: only a failed partition is retried. */
module.exports.extensions = async (variables) => {
  const service = await read(variables)
  const word = (name) => name.charAt(0).toUpperCase() + name.slice(1).replace(/[^0-9A-Za-z]/g, '')
  const cluster = word((service.arn.split(':cluster/')[1] ?? '').split('/')[0] ?? '')
  const ids = consumersOf(service).flatMap(({ key }) =>
    service.topics.map((topic) => `${word(key)}EventSourceMappingMSK${cluster}${word(topic)}`),
  )
  return Object.fromEntries(
    ids.map((id) => [id, { Properties: { FunctionResponseTypes: ['ReportBatchItemFailures'] } }]),
  )
}
