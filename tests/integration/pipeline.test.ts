import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { get, type Positioned, post, publish, publishBatch, readLog } from '../support/api.ts'
import { type Frame, openSocket } from '../support/open-socket.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

const isSubscribed = (frame: Frame) => frame.type === 'subscribed'
const isEvents = (frame: Frame) => frame.type === 'events'
const eventsOf = (frame: Frame) => frame.events as Positioned[]

describe('the path of an event', () => {
  let stack: TestStack
  /** A channel that no other test and no earlier run has used. */
  const freshChannel = () => `test.${randomUUID().slice(0, 8)}`
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  it('goes from a POST through Kafka and the log table onto the socket of a subscriber', async () => {
    const channel = freshChannel()
    const socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 'mine', channels: [channel] })
    const subscribed = await socket.next(isSubscribed)

    const receipt = await publish(stack.httpUrl, {
      type: 'test.happened',
      category: channel,
      data: { n: 1 },
      subject: 's',
    })
    const frame = await socket.next(isEvents)

    expect(subscribed).toMatchObject({ id: 'mine', attempt: 1, recovered: true })
    expect(receipt).toMatchObject({ topic: 'events', source: 'urn:tidewire:api' })
    const { topic, partition, offset, id } = receipt
    expect(frame).toMatchObject({
      ids: ['mine'],
      events: [{ topic, partition, offset, event: { id, data: { n: 1 } } }],
    })
    expect(await readLog(stack.httpUrl, channel)).toEqual(eventsOf(frame))
    await socket.close()
  })

  it('accepts the event in structured, binary, batch and plain mode', async () => {
    const channel = freshChannel()
    const event = {
      specversion: '1.0',
      source: '/test',
      type: 'test.mode',
      category: channel,
      data: { ünïcode: '⚓' },
    }
    const json = (id: string) => JSON.stringify({ ...event, id, datacontenttype: 'application/json' })

    const answers = await Promise.all([
      post(stack.httpUrl, json('structured'), { 'content-type': 'application/cloudevents+json' }),
      post(stack.httpUrl, `[${json('batch')}]`, { 'content-type': 'application/cloudevents-batch+json' }),
      post(stack.httpUrl, JSON.stringify(event.data), {
        'ce-specversion': '1.0',
        'ce-id': 'binary',
        'ce-source': '/test',
        'ce-type': 'test.mode',
        'ce-category': channel,
      }),
      post(
        stack.httpUrl,
        JSON.stringify({ type: 'test.mode', category: channel, id: 'plain', data: event.data }),
      ),
    ])

    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202])
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(4)
    const stored = await readLog(stack.httpUrl, channel)
    expect(stored.map(({ event: { id } }) => id).sort()).toEqual(['batch', 'binary', 'plain', 'structured'])
    for (const {
      event: { data, datacontenttype },
    } of stored) {
      expect(data).toEqual(event.data)
      expect(datacontenttype).toBe('application/json')
    }
  })

  it('pushes only to subscriptions whose pattern and filter match', async () => {
    const channel = freshChannel()
    const socket = await openSocket(stack.socketUrl)
    const subscriptions = {
      exact: { channels: [`${channel}.a`] },
      one: { channels: [`${channel}.*`] },
      rest: { channels: [`${channel}.**`] },
      severe: { channels: [`${channel}.**`], filter: { severity: ['critical'] } },
      typed: { channels: [`${channel}.**`], filter: { type: ['test.*.b'] } },
      other: { channels: [freshChannel()] },
    }
    for (const [id, interest] of Object.entries(subscriptions)) {
      socket.send({ action: 'subscribe', id, ...interest })
      await socket.next((frame) => frame.type === 'subscribed' && frame.id === id)
    }

    const send = async (category: string, more: Record<string, unknown> = {}) => {
      await publish(stack.httpUrl, { type: 'test.x.a', category, ...more })
      return ((await socket.next(isEvents)).ids as string[]).sort()
    }

    expect(await send(`${channel}.a`)).toEqual(['exact', 'one', 'rest'])
    expect(await send(`${channel}.b`, { severity: 'critical' })).toEqual(['one', 'rest', 'severe'])
    expect(await send(`${channel}.b.c`, { type: 'test.x.b' })).toEqual(['rest', 'typed'])
    await socket.close()
  })

  it('keeps the order of each key and coalesces a batch into few frames', async () => {
    const channel = freshChannel()
    const socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 's', channels: [channel] })
    await socket.next(isSubscribed)
    const event = (n: number) => ({
      specversion: '1.0',
      id: `${channel}-${n}`,
      source: '/order',
      type: 'test.order',
      category: channel,
      partitionkey: `key-${n % 7}`,
      data: { n },
    })

    await publishBatch(
      stack.httpUrl,
      Array.from({ length: 400 }, (_, n) => event(n)),
    )
    const count = () => socket.frames.filter(isEvents).flatMap(eventsOf).length
    await expect.poll(count).toBe(400)

    const frames = socket.frames.filter(isEvents)
    expect(frames.length).toBeLessThan(100)
    for (const frame of frames) expect(JSON.stringify(frame).length).toBeLessThanOrEqual(32 * 1024)
    for (let key = 0; key < 7; key++) {
      const received = frames.flatMap(eventsOf).map(({ event: { data } }) => (data as { n: number }).n)
      const ofKey = received.filter((n) => n % 7 === key)
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b))
    }
    await socket.close()
  })

  it('replays from a cursor, from a time and from the beginning', async () => {
    const channel = freshChannel()
    const socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 's', channels: [channel] })
    const { cursor } = await socket.next(isSubscribed)
    await socket.close()
    const before = new Date().toISOString()
    for (let n = 0; n < 3; n++)
      await publish(stack.httpUrl, { type: 'test.missed', category: channel, subject: 'one', data: n })
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(3)

    const again = await openSocket(stack.socketUrl)
    for (const [attempt, since] of [cursor, 'earliest', before].entries()) {
      again.send({ action: 'subscribe', id: 's', attempt: attempt + 1, channels: [channel], since })
      const replay = await again.next((frame) => frame.type === 'events' && frame.attempt === attempt + 1)
      const subscribed = await again.next(
        (frame) => frame.type === 'subscribed' && frame.attempt === attempt + 1,
      )

      expect(replay).toMatchObject({ replay: true, ids: ['s'] })
      expect(eventsOf(replay).map(({ event: { data } }) => data)).toEqual([0, 1, 2])
      expect(subscribed).toMatchObject({ recovered: true })
    }
    await again.close()
  })

  it('returns the first position for an event that was sent before, and delivers it once', async () => {
    const channel = freshChannel()
    const event = { type: 'test.once', category: channel, id: randomUUID(), source: '/once', data: 1 }
    const first = await publish(stack.httpUrl, event)
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(1)

    const second = await publish(stack.httpUrl, event)

    expect(second).toEqual(first)
    expect(await readLog(stack.httpUrl, channel)).toHaveLength(1)
  })

  it('lists events newest first, page by page', async () => {
    const channel = freshChannel()
    for (let n = 0; n < 5; n++)
      await publish(stack.httpUrl, { type: 'test.listed', category: channel, subject: 'one', data: n })
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(5)

    const seen: unknown[] = []
    let next: string | null = ''
    for (let page = 0; next !== null && page < 10; page++) {
      const query = new URLSearchParams({ channel, limit: '2', ...(next && { next }) })
      const { json } = await get<{ events: Positioned[]; next: string | null }>(
        `${stack.httpUrl}/events?${query}`,
      )
      seen.push(...json.events.map(({ event: { data } }) => data))
      next = json.next
    }

    expect(seen).toEqual([4, 3, 2, 1, 0])
  })

  it('removes a connection that is gone, and continues to serve the others', async () => {
    const channel = freshChannel()
    const [leaving, staying] = await Promise.all([openSocket(stack.socketUrl), openSocket(stack.socketUrl)])
    for (const socket of [leaving, staying]) {
      socket.send({ action: 'subscribe', id: 's', channels: [channel] })
      await socket.next(isSubscribed)
    }
    leaving.socket.terminate()

    for (let n = 0; n < 3; n++) {
      await publish(stack.httpUrl, { type: 'test.left', category: channel, data: n })
      await staying.next(isEvents)
    }

    staying.send({ action: 'ping' })
    expect(await staying.next((frame) => frame.type === 'pong')).toMatchObject({ behind: false })
    await staying.close()
  })

  it('stops pushing after unsubscribe, and refuses sockets without credentials', async () => {
    const channel = freshChannel()
    const socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 's', channels: [channel] })
    await socket.next(isSubscribed)
    socket.send({ action: 'unsubscribe', id: 's' })
    await socket.next((frame) => frame.type === 'unsubscribed')

    await publish(stack.httpUrl, { type: 'test.unheard', category: channel })
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(1)

    expect(socket.frames.filter(isEvents)).toEqual([])
    await expect(openSocket(stack.socketUrl, '')).rejects.toThrow('401')
    await expect(openSocket(stack.socketUrl, 'key=wrong')).rejects.toThrow('401')
    await socket.close()
  })

  it('brings a POST to the socket quickly on the idle stack', async () => {
    const channel = freshChannel()
    const socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 's', channels: [channel] })
    await socket.next(isSubscribed)

    const latencies: number[] = []
    for (let n = 0; n < 100; n++) {
      const begin = performance.now()
      await Promise.all([
        socket.next(isEvents),
        publish(stack.httpUrl, { type: 'test.fast', category: channel, data: n }),
      ])
      latencies.push(performance.now() - begin)
    }

    latencies.sort((a, b) => a - b)
    process.stdout.write(
      `POST to socket: median ${latencies[50]?.toFixed(1)} ms, p99 ${latencies[98]?.toFixed(1)} ms of 100\n`,
    )
    expect(latencies).toHaveLength(100)
    await socket.close()
  })
})
