import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publish, publishBatch } from '../support/api.ts'
import { type Frame, openSocket, type TestSocket } from '../support/open-socket.ts'
import { type AsyncDocument, asyncDocument } from '../support/openapi/async-document.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

const FROM_CLIENT = 'receiveFromClient'
const TO_CLIENT = 'sendToClient'
/** Makes ids unique to this run, because the tests also run on a permanent cluster. */
const RUN = randomUUID()
/** Frames that only occur with a failing gateway or a token. */
const ELSEWHERE = ['gap', 'refreshed', 'replay']
const ARRIVAL = {
  type: 'port.container.arrived',
  source: '/asyncapi',
  data: { containerId: 'MSKU9021044', berth: 'B4' },
}

describe('the AsyncAPI document', () => {
  let stack: TestStack
  let document: AsyncDocument
  let socket: TestSocket
  const asked: unknown[] = []
  beforeAll(async () => {
    stack = await startStack()
    document = await asyncDocument(stack.httpUrl)
    socket = await openSocket(stack.socketUrl)
  })
  afterAll(async () => {
    await socket?.close()
    await stack?.dispose()
  })
  const ask = (message: unknown) => {
    asked.push(message)
    socket.send(message)
  }
  const isOf = (type: string, id?: string) => (frame: Frame) =>
    frame.type === type && (id === undefined || frame.id === id || (frame.ids as string[])?.includes(id))

  it('describes every frame of a conversation, and every message', async () => {
    const receipt = await publish(stack.httpUrl, ARRIVAL)
    const channels = ['port.**', 'asyncapi.*']
    ask({ action: 'subscribe', id: 'live', channels, filter: { type: ['port.*.*', 'asyncapi'] } })
    await socket.next(isOf('subscribed', 'live'))
    const batch = Array.from({ length: 20 }, (_, n) => ({
      specversion: '1.0',
      id: `${RUN}-${n}`,
      source: '/asyncapi',
      type: 'asyncapi',
      category: 'asyncapi.b',
      ...(n % 2 === 0 ? { data: { n, '⚓': null } } : { data_base64: 'AQI=', subject: 'bytes', extra: 7 }),
    }))
    await publishBatch(stack.httpUrl, batch)
    await socket.next(isOf('events', 'live'))

    ask({ action: 'subscribe', id: 'past', attempt: 3, channels, since: 'earliest' })
    const replayed = await socket.next((frame) => isOf('events', 'past')(frame) && frame.replay === true)
    await socket.next(isOf('subscribed', 'past'))
    const elsewhere = `${receipt.topic}@0000000000000:0=3`
    ask({ action: 'subscribe', id: 'other', channels: ['port.*'], since: elsewhere })
    expect(await socket.next(isOf('subscribed', 'other'))).toMatchObject({ reason: 'epoch' })
    ask({ action: 'ping' })
    await socket.next(isOf('pong'))
    ask({ action: 'unsubscribe', id: 'past' })
    await socket.next(isOf('unsubscribed', 'past'))

    expect(replayed).toMatchObject({ attempt: 3 })
    for (const message of asked) expect.soft(document.contradiction(FROM_CLIENT, message)).toBeNull()
    for (const frame of socket.frames) expect.soft(document.contradiction(TO_CLIENT, frame)).toBeNull()
  })

  it.each([
    ['not even JSON'],
    [{ action: 'dance', id: 'x' }],
    [{ action: 'subscribe', id: 'x' }],
    [{ action: 'subscribe', id: 'x', channels: [] }],
    [{ action: 'subscribe', id: 'x', channels: ['a..b'] }],
    [{ action: 'subscribe', id: 'x', channels: ['a'], attempt: 0 }],
    [{ action: 'subscribe', id: 'x', channels: ['a'], filter: { colour: ['red'] } }],
    [{ action: 'unsubscribe' }],
    [{ action: 'refresh' }],
  ])('does not allow a message that the server refuses: %j', async (message) => {
    socket.send(message)

    const frame = await socket.next(isOf('error'))

    expect(document.contradiction(FROM_CLIENT, message)).not.toBeNull()
    expect(document.contradiction(TO_CLIENT, frame)).toBeNull()
  })

  it('names the frames that were seen, and no others but those of a failing gateway', () => {
    const seen = new Set(socket.frames.map(({ type }) => type))

    expect([...seen, ...ELSEWHERE].sort()).toEqual(document.messagesOf(TO_CLIENT).sort())
  })

  it('describes the records in the topics', async () => {
    const topics = ['container-events', 'port-events', 'events']
    const brokers = [process.env.KAFKA_BROKERS ?? `127.0.0.1:${stack.ports.KAFKA_PORT}`]
    const consumer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({
      groupId: `asyncapi-${RUN}`,
    })
    const records: { topic: string; value: Frame & { source: string } }[] = []
    await consumer.connect()
    await consumer.subscribe({ topics, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ topic, message: { value } }) =>
        void records.push({ topic, value: JSON.parse(String(value)) }),
    })
    const own = () => records.filter(({ value }) => value.source === '/asyncapi')
    await expect.poll(() => own().length).toBeGreaterThanOrEqual(21)
    await consumer.disconnect()

    for (const { topic, value } of own())
      expect.soft(document.contradiction(`receive.${topic}`, value)).toBeNull()
  })

  it('does not match other messages', () => {
    const pong = { type: 'pong', time: new Date().toISOString(), behind: false }

    expect(document.contradiction(TO_CLIENT, pong)).toBeNull()
    for (const wrong of [
      { ...pong, undocumented: 1 },
      { ...pong, time: 'noon' },
      { type: 'pong' },
      { ...pong, type: 'ping' },
    ])
      expect(document.contradiction(TO_CLIENT, wrong)).not.toBeNull()
  })
})
