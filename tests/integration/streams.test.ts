import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { BrowsedPage, Streams, TopicDescription } from '#shared/core/streams.ts'
import { type Problem, publish, type Receipt } from '../support/api.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const TOPIC = 'container-events'
/** As of a stage in a cluster of others: only Kafka sees it. */
const PREFIX = 'stage.'
const GROUPS = [`tidewire-local-deliver-0-of-1-${TOPIC}`, `tidewire-local-fold-${TOPIC}`]

describe('what Kafka has, over HTTP', () => {
  let stack: TestStack
  let receipt: Receipt
  const container = `BOX-${randomUUID()}`
  beforeAll(async () => {
    stack = await startStack({ env: { TOPIC_PREFIX: PREFIX } })
    receipt = await arrive(container)
  })
  afterAll(() => stack?.dispose())

  const arrive = (containerId: string) =>
    publish(stack.httpUrl, { type: 'port.container.arrived', data: { title: 'Arrived', containerId } })
  async function call<Body>(path: string, init: { method?: string; body?: string } = {}) {
    const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json' }
    const response = await fetch(`${stack.httpUrl}${path}`, { headers, ...init })
    return { status: response.status, body: (await response.json()) as Body }
  }
  const place = () => `/streams/${TOPIC}/${receipt.partition}`

  it('lists topics, and the groups of the triggers with members that catch up', async () => {
    await expect
      .poll(async () => {
        const { body } = await call<Streams>('/streams')
        return body.groups
          .filter(({ name }) => GROUPS.includes(name))
          .map(({ name, state, members, lag }) => [name, state, members.length > 0, lag])
      })
      .toEqual(GROUPS.map((name) => [name, 'Stable', true, 0]))

    const { body } = await call<Streams>('/streams')
    expect(body.brokers.length).toBeGreaterThan(0)
    const topic = body.topics.find(({ name }) => name === TOPIC)
    expect(topic?.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2])
    expect(topic?.partitions[receipt.partition]?.latest).toBeGreaterThan(receipt.offset)
    const assigned = body.groups
      .filter(({ name }) => GROUPS.includes(name))
      .map(({ members }) =>
        members.flatMap(({ partitions }) => partitions.map((one) => one.partition)).sort(),
      )
    expect(assigned).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
  })

  it('has names in Kafka that begin with the prefix, and shows neither it nor the topics of others', async () => {
    const foreign = `${randomUUID()}-of-others`
    const { body: health } = await call<{ kafka: string }>('/health')
    const admin = new Kafka({ brokers: health.kafka.split(','), logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    onTestFinished(async () => {
      await admin.deleteTopics({ topics: [foreign] })
      await admin.disconnect()
    })
    await admin.createTopics({ topics: [{ topic: foreign }], waitForLeaders: true })
    const inKafka = (await admin.listTopics()).filter((name) => name.startsWith(PREFIX))

    const { body } = await call<Streams>('/streams')

    expect(inKafka).toContain(`${PREFIX}${TOPIC}`)
    expect(body.topics.map(({ name }) => `${PREFIX}${name}`).sort()).toEqual(inKafka.sort())
  })

  it('describes a topic, with its settings', async () => {
    const { status, body } = await call<TopicDescription>(`/streams/${TOPIC}`)

    expect(status).toBe(200)
    expect(body.config.find(({ name }) => name === 'retention.ms')?.value).toMatch(/^\d+$/)
    expect(body.groups.map(({ name }) => name)).toEqual(expect.arrayContaining(GROUPS))
    expect((await call(`/streams/no-such-topic-${randomUUID()}`)).status).toBe(404)
  })

  it('shows a record at its offset, and finds it by its event', async () => {
    const { body } = await call<BrowsedPage>(`${place()}?offset=${receipt.offset}&limit=1`)

    expect(body.records).toMatchObject([
      {
        offset: receipt.offset,
        signature: 'signed',
        event: { id: receipt.id, data: { containerId: container } },
      },
    ])
    const query = new URLSearchParams({ offset: '0', field: `data.containerId=${container}`, q: 'ARRIVED' })
    const found = await call<BrowsedPage>(`${place()}?${query}`)
    expect(found.body.records.map(({ offset }) => offset)).toContain(receipt.offset)
    const beyond = await call<Problem>(`${place()}?offset=999999999`)
    expect(beyond).toMatchObject({ status: 400, body: { errors: [{ pointer: '/offset' }] } })
  })

  it('holds a request at the end of a partition until a record comes', async () => {
    const { body: end } = await call<BrowsedPage>(`${place()}?last=1`)
    const query = new URLSearchParams({ offset: String(end.latest), wait: '20', field: 'data.title=Awaited' })

    const held = call<BrowsedPage>(`${place()}?${query}`)
    const awaited = await publish(stack.httpUrl, {
      type: 'port.container.arrived',
      data: { title: 'Awaited', containerId: container },
    })

    expect((await held).body.records.map(({ offset }) => offset)).toEqual([awaited.offset])
  })

  it('shows and finds nothing of an event that was erased', async () => {
    const secret = `SECRET-${randomUUID()}`
    const erased = await arrive(secret)
    const path = `/events/${encodeURIComponent(erased.id)}/erase?source=${encodeURIComponent(erased.source)}`
    const { status } = await call(path, { method: 'POST', body: JSON.stringify({ reason: 'a test' }) })
    expect(status).toBe(202)

    const at = `/streams/${TOPIC}/${erased.partition}`
    const { body } = await call<BrowsedPage>(`${at}?offset=${erased.offset}&limit=1`)
    const found = await call<BrowsedPage>(`${at}?offset=0&q=${secret}`)

    expect(body.records).toMatchObject([
      {
        offset: erased.offset,
        value: null,
        headers: [],
        event: { id: erased.id },
        erased: expect.any(String),
      },
    ])
    expect(JSON.stringify(body)).not.toContain(secret)
    // The name of the container stays in the keys that the erasure names (docs/erasure.md).
    const types = found.body.records.map(({ event }) => event?.type)
    expect(types.filter((type) => type !== 'tidewire.erased')).toEqual([])
  })
})
