import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { get, type Problem, post, publish, readLog } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

const STRUCTURED = { 'content-type': 'application/cloudevents+json' }
const BATCH = { 'content-type': 'application/cloudevents-batch+json' }
const event = { specversion: '1.0', id: 'x', source: '/bad', type: 'bad.input' }
const batchOf = (length: number) =>
  JSON.stringify(Array.from({ length }, (_, n) => ({ ...event, id: `b${n}` })))

/** The body, its media type, and the response: the status and a part of the text that says what to do. */
const REFUSED: [what: string, body: string, headers: Record<string, string>, status: number, says: RegExp][] =
  [
    ['JSON cut short', '{"type":', {}, 400, /not JSON/],
    ['no body', '', {}, 400, /JSON/],
    ['a list as a plain event', '[]', {}, 422, /batch/],
    ['a number as the type', '{"type":7}', {}, 422, /type/],
    ['no type', '{"data":1}', {}, 422, /type/],
    ['an unknown member', '{"type":"a","extra":1}', {}, 422, /extra/],
    ['an impossible category', '{"type":"a","category":"a..b"}', {}, 422, /empty segment/],
    ['a wildcard as category', '{"type":"a","category":"a.*"}', {}, 422, /segment/],
    ['an unknown severity', '{"type":"a","severity":"loud"}', {}, 422, /critical, high/],
    ['a time that does not exist', '{"type":"a","time":"2026-02-30T00:00:00Z"}', {}, 422, /time/],
    ['another specversion', JSON.stringify({ ...event, specversion: '0.3' }), STRUCTURED, 422, /specversion/],
    ['an attribute in capitals', JSON.stringify({ ...event, traceId: 'x' }), STRUCTURED, 422, /traceId/],
    ['a batch with one bad item', JSON.stringify([event, { ...event, type: '' }]), BATCH, 422, /type/],
    ['a batch that is too long', batchOf(501), BATCH, 413, /500/],
    [
      'an event that is too large',
      JSON.stringify({ type: 'a', data: 'x'.repeat(140_000) }),
      {},
      413,
      /128 KB/,
    ],
    ['a body that is too large', JSON.stringify({ type: 'a', data: 'x'.repeat(1_100_000) }), {}, 413, /1 MB/],
    ['text', 'hello', { 'content-type': 'text/plain' }, 415, /application\/json/],
    ['XML events', '<event/>', { 'content-type': 'application/cloudevents+xml' }, 415, /json/],
  ]

describe('bad input', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  it.each(REFUSED)('is refused clearly: %s', async (_, body, headers, status, says) => {
    const answer = await post(stack.httpUrl, body, headers)
    const problem = answer.json as Problem

    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(problem.status).toBe(status)
    expect(problem.type).toMatch(/^urn:tidewire:problem:/)
    expect(JSON.stringify(problem)).toMatch(says)
  })

  it('of a batch is refused with the index of the invalid item, and nothing is written', async () => {
    const items = [
      { ...event, id: 'good', category: 'bad.batch' },
      { ...event, category: 'bad.batch', time: 'noon' },
    ]

    const { json } = await post(stack.httpUrl, JSON.stringify(items), BATCH)

    expect((json as Problem).errors).toMatchObject([{ index: 1, pointer: '/time' }])
    expect(await readLog(stack.httpUrl, 'bad.batch')).toEqual([])
  })

  it('does not include an empty batch, which is accepted', async () => {
    const { status, json } = await post(stack.httpUrl, '[]', BATCH)

    expect([status, json]).toEqual([202, { accepted: 0, events: [] }])
  })

  it('on unknown routes and without credentials gets a problem', async () => {
    const unknown = await get<Problem>(`${stack.httpUrl}/nowhere`)
    const anonymous = await fetch(`${stack.httpUrl}/events`)
    const wrongKey = await post(stack.httpUrl, '{"type":"a"}', { 'x-api-key': 'guess' })
    const badQuery = await get<Problem>(`${stack.httpUrl}/events?channel=a..b&limit=0&from=noon`)
    const noEvents = [`x?source=`, `x?source=${'s'.repeat(2000)}`, 'i'.repeat(3000)].map((rest) =>
      get<Problem>(`${stack.httpUrl}/events/${rest}`),
    )
    const badCursor = await get<Problem>(`${stack.httpUrl}/events/since?cursor=nonsense`)

    expect((await Promise.all(noEvents)).map(({ status }) => status)).toEqual([404, 404, 404])
    expect([unknown.status, anonymous.status, wrongKey.status]).toEqual([404, 401, 401])
    expect(badQuery.json.errors?.map(({ pointer }) => pointer).sort()).toEqual([
      '/channel',
      '/from',
      '/limit',
    ])
    expect([badCursor.status, badCursor.json.title]).toEqual([400, 'The request is malformed'])
  })

  it('on the socket gets an error frame and leaves the connection open', async () => {
    const socket = await openSocket(stack.socketUrl)
    const messages = [
      'garbage',
      '[]',
      '"text"',
      '{"action":"dance"}',
      '{"action":"subscribe"}',
      '{"action":"subscribe","id":"s","channels":["a..b"]}',
      '{"action":"subscribe","id":"s","channels":["a"],"since":"yesterday"}',
      `{"action":"subscribe","id":"${'x'.repeat(100)}","channels":["a"]}`,
    ]
    for (const message of messages) {
      socket.socket.send(message)
      const error = await socket.next((frame) => frame.type === 'error')
      expect(error).toMatchObject({ code: 'malformed', detail: expect.stringMatching(/\w{3}/) })
    }

    socket.send({ action: 'ping' })
    expect(await socket.next((frame) => frame.type === 'pong')).toMatchObject({ behind: false })
    await socket.close()
  })

  it('in a binary message closes only that connection, as the gateway does', async () => {
    const [socket, other] = [await openSocket(stack.socketUrl), await openSocket(stack.socketUrl)]
    const closed = new Promise((resolve) => socket.socket.once('close', resolve))

    socket.socket.send(Buffer.from([0, 159, 146, 150]))

    expect(await closed).toBe(1003)
    other.send({ action: 'ping' })
    expect(await other.next((frame) => frame.type === 'pong')).toMatchObject({ behind: false })
    await other.close()
  })

  it('that violates the protocol of the socket or of Kafka closes only that connection', async () => {
    const garbage = Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 7919) % 256))
    const socket = await openSocket(stack.socketUrl)
    const raw = (socket.socket as unknown as { _socket: NodeJS.WritableStream })._socket
    const closed = new Promise((resolve) => socket.socket.once('close', resolve))
    raw.write(garbage)
    await closed
    if (stack.ports.KAFKA_PORT && !process.env.KAFKA_BROKERS)
      await sendGarbage(stack.ports.KAFKA_PORT, garbage)
    await sendGarbage(Number(stack.ports.HTTP_PORT), garbage)

    const receipt = await publish(stack.httpUrl, { type: 'bad.after', data: 'still here' })

    await expect.poll(async () => (await readLog(stack.httpUrl, 'bad.after')).length).toBeGreaterThan(0)
    expect(receipt.topic).toBe('events')
  })
})

function sendGarbage(port: number, garbage: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(garbage))
    socket.on('error', () => {})
    socket.on('data', () => {})
    socket.on('close', () => resolve())
    setTimeout(() => socket.destroy(), 2000)
  })
}
