import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { get, publish, readLog } from '../support/api.ts'
import { spawnStack, startStack, type TestStack } from '../support/start-stack.ts'

const isExternal = process.env.KAFKA_BROKERS !== undefined
const MINUTE = 60

describe('a stack with a RETENTION of its own', () => {
  let stack: TestStack
  let dataDir: string
  const start = (setting: string) => startStack({ env: { RETENTION: setting, TIDEWIRE_DATA: dataDir } })
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidewire-retention-'))
    stack = await start('10m,market-ticks=2m,port/cases=1d')
  })
  afterAll(async () => {
    await stack?.dispose()
    await rm(dataDir, { recursive: true, force: true })
  })

  const items = async (table: string) => {
    const endpoint = process.env.DYNAMODB_ENDPOINT ?? `http://127.0.0.1:${stack.ports.DYNAMODB_PORT}`
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const client = new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials })
    const input = { TableName: `tidewire-local-${table}`, ConsistentRead: true }
    const found = []
    for await (const { Items = [] } of paginateScan({ client: DynamoDBDocumentClient.from(client) }, input))
      found.push(...Items)
    client.destroy()
    return found
  }

  it('stores events, claims and states for as long as it says, and deletes them after the grace', async () => {
    const source = `/retention/${randomUUID()}`
    const begin = Math.floor(Date.now() / 1000)
    await publish(stack.httpUrl, {
      type: 'market.tick',
      source,
      id: 'a',
      data: { symbol: 'TIDE', price: 1, volume: 1 },
    })
    await publish(stack.httpUrl, { type: 'port.ship.arrived', source, id: 'b', data: {} })
    await publish(stack.httpUrl, { type: 'retention.other', source, id: 'c' })
    await expect
      .poll(
        async () =>
          (await readLog(stack.httpUrl, '**')).filter(({ event }) => event.source === source).length,
      )
      .toBe(3)

    const log = await items('log')
    const stored = (id: string) =>
      log.find(({ event }) => event && JSON.parse(event).source === source && JSON.parse(event).id === id)
    const claims = (await items('claims')).filter((item) => item.source === source)

    const end = Math.ceil(Date.now() / 1000)
    for (const [item, seconds] of [
      [stored('a'), 4 * MINUTE],
      [stored('b'), 20 * MINUTE],
      [stored('c'), 20 * MINUTE],
      ...claims.map((claim) => [claim, 20 * MINUTE] as const),
    ] as const) {
      expect(item?.expires).toBeGreaterThanOrEqual(begin + seconds)
      expect(item?.expires).toBeLessThanOrEqual(end + seconds)
    }
    expect(claims).toHaveLength(3)
  })

  it('reports it in the catalog', async () => {
    const { json } = await get<{ retention: unknown }>(`${stack.httpUrl}/catalog`)

    expect(json.retention).toMatchObject({
      topics: { events: 600, 'market-ticks': 120 },
      views: { 'port/cases': 86_400 },
      claims: 1200,
    })
  })

  it.skipIf(isExternal)('gives it to the topics of Kafka, and changes it with the next start', async () => {
    const retentions = async () => {
      const kafka = new Kafka({
        brokers: [`127.0.0.1:${stack.ports.KAFKA_PORT}`],
        logLevel: logLevel.NOTHING,
      })
      const admin = kafka.admin()
      await admin.connect()
      const resources = ['events', 'market-ticks'].map((name) => ({ type: ConfigResourceTypes.TOPIC, name }))
      const { resources: found } = await admin.describeConfigs({ resources, includeSynonyms: false })
      await admin.disconnect()
      return found.map(({ configEntries }) => {
        const entry = configEntries.find(({ configName }) => configName === 'retention.ms')
        return Number(entry?.configValue) / 1000
      })
    }
    const before = await retentions()
    await stack.stop()
    await stack.dispose()
    stack = await start('1h')

    expect(before).toEqual([20 * MINUTE, 4 * MINUTE])
    expect(await retentions()).toEqual([120 * MINUTE, 120 * MINUTE])
    expect(stack.output()).toContain('events 20 min → 2 h')
    expect(stack.output()).toContain('market-ticks 4 min → 2 h')
  })

  it.each([
    ['10m,market-tick=2m', 'RETENTION: market-tick is no topic; there are'],
    ['10m,port/cases=5m', 'RETENTION: port/cases=5m is less than the 10m of the events in'],
    ['10', 'RETENTION: "10" is not a retention such as "7d" or'],
  ])('does not start with %s, and says why in one line', async (setting, reason) => {
    let output = ''
    const child = spawnStack({ RETENTION: setting, TIDEWIRE_DATA: dataDir }, [], (text) => {
      output += text
    })
    const code = await new Promise((resolve) => child.once('close', resolve))

    expect(code).toBe(1)
    expect(output).toContain(reason)
    expect(output.trim().split('\n')).toHaveLength(1)
  })
})
