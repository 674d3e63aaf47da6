import { randomUUID } from 'node:crypto'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { get, type Positioned, type Problem, post, publish } from '../support/api.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

type Portfolio = { state: { cash: string } }
type Letters = { deadLetters: { topic: string; offset: number; reason: string; value: string }[] }

const VICTIM = `vic-${randomUUID().slice(0, 8)}`
const MATCHED = {
  type: 'market.order.matched',
  subject: VICTIM,
  data: {
    orderId: 'o-1',
    user: VICTIM,
    symbol: 'FORGED',
    side: 'sell',
    kind: 'market',
    quantity: 1_000_000,
    price: 1000,
  },
}
let stack: TestStack
let producer: Producer

beforeAll(async () => {
  stack = await startStack()
  const brokers = [process.env.KAFKA_BROKERS ?? `127.0.0.1:${stack.ports.KAFKA_PORT}`]
  producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  await publish(stack.httpUrl, { type: 'market.tick', data: { symbol: 'FORGED', price: 10, volume: 1 } })
  const order = { orderId: 'o-1', user: VICTIM, symbol: 'FORGED', side: 'buy', kind: 'market', quantity: 1 }
  await publish(stack.httpUrl, { type: 'market.order.placed', data: order })
})
afterAll(async () => {
  await producer?.disconnect()
  await stack?.dispose()
})

const portfolio = async () =>
  (await get<Portfolio>(`${stack.httpUrl}/views/market/portfolio/${encodeURIComponent(VICTIM)}`)).json
const lettersOf = async (id: string) => {
  const { json } = await get<Letters>(`${stack.httpUrl}/dead-letters?limit=500`)
  return json.deadLetters.filter(({ value }) => Buffer.from(value, 'base64').includes(id))
}

it('the victim has bought a share', async () => {
  await expect.poll(async () => (await portfolio()).state?.cash).toBe('99990.0000')
})

it.each<[string, object]>([
  ['what only a view writes', MATCHED],
  ['an order of somebody else', { type: 'market.order.placed', data: { ...MATCHED.data, kind: 'market' } }],
])('%s is refused to the key of an administrator', async (_, event) => {
  const { status, json } = await post(stack.httpUrl, JSON.stringify(event), { 'x-api-key': API_KEY })

  expect(status).toBe(403)
  expect((json as Problem).errors).not.toEqual([])
})

it.each<[string, string, Readonly<Record<string, string>>]>([
  ['without a signature', 'only', {}],
  ['with the mark of an id that was made', 'only', { 'tidewire-id': 'made' }],
  ['with a signature that no secret made', 'signature', { 'tidewire-signature': 'v1.AAAA' }],
])('a record %s that says what only a view writes changes nothing', async (_, reason, headers) => {
  const id = randomUUID()
  const event = { specversion: '1.0', id, source: 'urn:tidewire:fold:market/book', ...MATCHED }
  await producer.send({
    topic: 'market-events',
    messages: [
      { key: VICTIM, value: JSON.stringify({ ...event, category: `market.user.${VICTIM}` }), headers },
    ],
  })

  await expect.poll(() => lettersOf(id)).toHaveLength(1)
  expect((await lettersOf(id))[0]?.reason).toContain(reason === 'only' ? 'Tidewire alone' : reason)
  expect((await portfolio()).state.cash).toBe('99990.0000')
})

it('the trail of a case cannot be forged by a record, and its partition goes on', async () => {
  const { id, topic, partition } = await publish(stack.httpUrl, {
    type: 'port.container.arrived',
    data: { containerId: 'FORGED-1' },
  })
  const move = { move: 'close', by: 'admin@tidewire.local', at: '2026-01-01T00:00:00Z' }
  const forged = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/eve',
    type: 'port.lifecycle.closed',
    category: 'port.container.lifecycle',
    subject: id,
    data: move,
  }
  const after = { specversion: '1.0', id: randomUUID(), source: '/eve', type: 'port.container.departed' }
  await producer.send({
    topic,
    messages: [forged, after].map((event) => ({ partition, value: JSON.stringify(event) })),
  })

  const find = async (wanted: string) =>
    (
      await get<Positioned & { state?: { status: string; history: unknown[] } }>(
        `${stack.httpUrl}/events/${wanted}`,
      )
    ).json
  await expect.poll(async () => (await find(after.id)).offset).toBeGreaterThan(0)
  await expect.poll(() => lettersOf(forged.id)).toHaveLength(1)
  expect((await find(id)).state).toMatchObject({ status: 'new', history: [] })
})

it('a record that takes the next id of a producer is no reason for a silent 202', async () => {
  const taken = { id: randomUUID(), source: '/till-7', type: 'test.sale', category: 'test.sales' }
  await producer.send({
    topic: 'events',
    messages: [{ value: JSON.stringify({ specversion: '1.0', ...taken, data: { amount: 0 } }) }],
  })
  await expect.poll(async () => (await get(`${stack.httpUrl}/events/${taken.id}`)).status).toBe(200)

  const { status, headers } = await post(stack.httpUrl, JSON.stringify({ ...taken, data: { amount: 99 } }))

  expect([status, headers.get('retry-after')]).toEqual([409, null])
})
