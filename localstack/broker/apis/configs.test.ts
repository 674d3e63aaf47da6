import { describe, expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { call, connectTo, createTopic, produce, startTestBroker } from '../testing/call-api.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { alterConfigsApi, describeConfigsApi, incrementalAlterConfigsApi } from './configs.ts'

const TOPIC = 2
const BROKER = 4
const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

async function startWithTopic(configs: Readonly<Record<string, string>> = {}) {
  const broker = await startTestBroker({ defaultPartitions: 3 })
  const client = await connectTo(broker)
  await createTopic(client, configs)

  const describeAll = async (type: number, name: string) => {
    const request = {
      resources: [{ type, name, keys: null }],
      includeSynonyms: false,
      includeDocumentation: false,
    }
    const { results } = await call(client, describeConfigsApi, 3, request)
    return results[0]
  }
  return {
    client,
    broker,
    describeAll,
    /** The configs of the topic that are its own. */
    async own() {
      const described = await describeAll(TOPIC, 't')
      const set = described?.configs.filter(({ source }) => source === 1) ?? []
      return Object.fromEntries(set.map(({ name, value }) => [name, value]))
    },
    async incrementally(
      changes: readonly [name: string, operation: number, value: string | null][],
      { type = TOPIC, name = 't', validateOnly = false } = {},
    ) {
      const configs = changes.map(([config, operation, value]) => ({ name: config, operation, value }))
      const request = { resources: [{ type, name, configs }], validateOnly }
      const { results } = await call(client, incrementalAlterConfigsApi, 0, request)
      return results[0]
    },
    async alter(
      configs: Readonly<Record<string, string>>,
      { type = TOPIC, name = 't', validateOnly = false } = {},
    ) {
      const list = Object.entries(configs).map(([config, value]) => ({ name: config, value }))
      const request = { resources: [{ type, name, configs: list }], validateOnly }
      const { results } = await call(client, alterConfigsApi, 1, request)
      return results[0]
    },
  }
}

describe('AlterConfigs', () => {
  it('sets exactly the given configs and resets the others', async () => {
    const { alter, own } = await startWithTopic({ 'retention.ms': '5000', 'segment.ms': '6000' })

    const result = await alter({ 'segment.ms': '7000' })

    expect(result).toMatchObject({ errorCode: 0, errorMessage: null, type: TOPIC, name: 't' })
    expect(await own()).toEqual({ 'segment.ms': '7000' })
  })

  it('changes nothing if it only validates, or if one of the values is wrong', async () => {
    const { alter, own } = await startWithTopic({ 'retention.ms': '5000' })

    const validated = await alter({ 'segment.ms': '7000' }, { validateOnly: true })
    const wrong = await alter({ 'segment.ms': '7000', 'retention.ms': '-5' })

    expect(validated?.errorCode).toBe(errorCodes.NONE)
    expect(wrong).toMatchObject({
      errorCode: errorCodes.INVALID_CONFIG,
      errorMessage: 'Invalid value -5 for configuration retention.ms: Value must be at least -1',
    })
    expect(await own()).toEqual({ 'retention.ms': '5000' })
  })

  it('says that the configs of the broker cannot be changed, and which topic there is not', async () => {
    const { alter } = await startWithTopic()

    const results = [
      await alter({ 'log.retention.ms': '1' }, { type: BROKER, name: '1' }),
      await alter({ 'retention.ms': '1' }, { name: 'u' }),
    ]

    expect(results).toMatchObject([
      {
        errorCode: errorCodes.INVALID_REQUEST,
        errorMessage: 'Cannot update these configs dynamically: [log.retention.ms]',
      },
      {
        errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
        errorMessage: "The topic 'u' does not exist.",
      },
    ])
  })
})

describe('IncrementalAlterConfigs', () => {
  it('sets, deletes, appends to and subtracts from what a topic has or is the default', async () => {
    const { incrementally, own } = await startWithTopic({ 'segment.ms': '6000' })

    const results = [
      await incrementally([
        ['retention.ms', SET, '5000'],
        ['segment.ms', DELETE, null],
        ['cleanup.policy', APPEND, 'compact'],
      ]),
      await incrementally([['cleanup.policy', APPEND, 'compact,delete']]),
    ]
    const appended = await own()
    await incrementally([['cleanup.policy', SUBTRACT, 'delete']])

    expect(results.map((result) => result?.errorCode)).toEqual([0, 0])
    expect(appended).toEqual({ 'retention.ms': '5000', 'cleanup.policy': 'delete,compact' })
    expect(await own()).toEqual({ 'retention.ms': '5000', 'cleanup.policy': 'compact' })
  })

  // The codes and messages are those of Apache Kafka 4.3.1.
  it.each<{ what: string; change: [string, number, string | null]; code: number; message: string }>([
    {
      what: 'an item appended to what is no list',
      change: ['retention.ms', APPEND, '5'],
      code: errorCodes.INVALID_CONFIG,
      message: "Can't APPEND to key retention.ms because its type is not LIST.",
    },
    {
      what: 'an item taken from what is no list',
      change: ['retention.ms', SUBTRACT, '5'],
      code: errorCodes.INVALID_CONFIG,
      message: "Can't SUBTRACT to key retention.ms because its type is not LIST.",
    },
    {
      what: 'an item that the list cannot have',
      change: ['cleanup.policy', APPEND, 'nonsense'],
      code: errorCodes.INVALID_CONFIG,
      message:
        'Invalid value delete,nonsense for configuration cleanup.policy: String must be one of: compact, delete',
    },
    {
      what: 'an unknown config',
      change: ['nonsense', SET, '1'],
      code: errorCodes.INVALID_CONFIG,
      message: 'Unknown topic config name: nonsense',
    },
    {
      what: 'no number',
      change: ['retention.ms', SET, 'abc'],
      code: errorCodes.INVALID_CONFIG,
      message: 'Invalid value abc for configuration retention.ms: Not a number of type LONG',
    },
    {
      what: 'null',
      change: ['retention.ms', SET, null],
      code: errorCodes.INVALID_REQUEST,
      message: 'Null value not supported for : retention.ms',
    },
    {
      what: 'an unknown operation',
      change: ['retention.ms', 7, '1'],
      code: errorCodes.INVALID_REQUEST,
      message: 'Unknown config operation 7',
    },
  ])('refuses $what and changes nothing', async ({ change, code, message }) => {
    const { incrementally, own } = await startWithTopic()

    const result = await incrementally([['segment.ms', SET, '9000'], change])

    expect(result).toMatchObject({ errorCode: code, errorMessage: message })
    expect(await own()).toEqual({})
  })

  it('refuses a config and a resource that come twice', async () => {
    const { incrementally, client } = await startWithTopic()
    const resource = { type: TOPIC, name: 't', configs: [] }

    const config = await incrementally([
      ['retention.ms', SET, '1'],
      ['retention.ms', SET, '2'],
    ])
    const twice = { resources: [resource, resource], validateOnly: false }
    const { results } = await call(client, incrementalAlterConfigsApi, 0, twice)

    expect(config?.errorCode).toBe(errorCodes.INVALID_REQUEST)
    expect(results.map(({ errorCode }) => errorCode)).toEqual([
      errorCodes.INVALID_REQUEST,
      errorCodes.INVALID_REQUEST,
    ])
  })

  it('makes a topic demand keys from the next batch on', async () => {
    const { incrementally, client } = await startWithTopic()
    const before = await produce(client, buildBatch())

    await incrementally([['cleanup.policy', APPEND, 'compact']])
    const without = await produce(client, buildBatch())
    const withKey = await produce(client, buildBatch({ records: [{ key: 'k' }] }))

    expect([before, without, withKey].map((result) => result?.errorCode)).toEqual([
      errorCodes.NONE,
      errorCodes.INVALID_RECORD,
      errorCodes.NONE,
    ])
  })
})

describe('DescribeConfigs', () => {
  it('has what the broker does in the words of Kafka, to read only', async () => {
    const { describeAll, broker } = await startWithTopic()

    const described = await describeAll(BROKER, '1')
    const values = Object.fromEntries(described?.configs.map(({ name, value }) => [name, value]) ?? [])

    expect(values).toMatchObject({
      'auto.create.topics.enable': 'false',
      'num.partitions': '3',
      'log.retention.ms': '604800000',
      'message.max.bytes': '1048588',
      listeners: `PLAINTEXT://${broker.endpoint}`,
    })
    expect(described?.configs.every(({ readOnly }) => readOnly)).toBe(true)
  })

  it('refuses other brokers and other kinds of resources', async () => {
    const { describeAll } = await startWithTopic()

    const results = [
      await describeAll(BROKER, '9'),
      await describeAll(BROKER, 'x'),
      await describeAll(8, '1'),
      await describeAll(TOPIC, 'a b'),
      await describeAll(TOPIC, 'u'),
    ]

    expect(results.map((result) => result?.errorCode)).toEqual([
      errorCodes.INVALID_REQUEST,
      errorCodes.INVALID_REQUEST,
      errorCodes.INVALID_REQUEST,
      errorCodes.INVALID_TOPIC_EXCEPTION,
      errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    ])
  })
})
