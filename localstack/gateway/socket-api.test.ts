import { connect } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Service } from '../service.ts'
import type { ConnectionLimits } from './connections.ts'
import { createIntegrations } from './integrations.ts'
import { createSocketApi } from './socket-api.ts'
import { createTestService, listen, type TestFunctions } from './testing/start-test-gateway.ts'

const HOUR = 3_600_000
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

// biome-ignore lint/suspicious/noExplicitAny: a test reads any members that its event has
type Event = any

const provider: Service['provider'] = { websocketsApiRouteSelectionExpression: '$request.body.action' }

/** Starts an API; `seen` has every event that its functions got, by function. */
async function start(functions: TestFunctions = {}, limits: Partial<ConnectionLimits> = {}) {
  const seen: Record<string, Event[]> = { connect: [], disconnect: [], message: [] }
  const usual: TestFunctions = {
    connect: { events: [{ websocket: '$connect' }], run: () => ({ statusCode: 200 }) },
    disconnect: { events: [{ websocket: '$disconnect' }], run: () => ({ statusCode: 200 }) },
    message: { events: [{ websocket: '$default' }], run: () => ({ statusCode: 200 }) },
    ...functions,
  }
  const recording = Object.entries(usual).map(([key, { run, ...definition }]) => [
    key,
    {
      ...definition,
      run(event: Event) {
        seen[key] = [...(seen[key] ?? []), event]
        return run(event)
      },
    },
  ])
  const { service, host, functions: definitions } = createTestService(Object.fromEntries(recording), provider)
  const api = createSocketApi(service, createIntegrations(host, definitions, 29_000), {
    limits: { idleMs: HOUR, lifeMs: HOUR, ...limits },
    trust: { hosts: [], origins: ['http://page.example'] },
  })
  const { url, port, stop } = await listen(api.server)
  stops.push(async () => {
    await api.closeSockets()
    await stop()
  })
  const open = async (path = '/', protocols: string[] = [], headers: Record<string, string> = {}) => {
    const socket = new WebSocket(url.replace('http', 'ws') + path, protocols, { headers })
    const texts: string[] = []
    socket.on('message', (data) => texts.push(String(data)))
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    socket.on('error', () => {})
    return { socket, texts, closed, id: String(seen.connect?.at(-1).requestContext.connectionId) }
  }
  const manage = async (method: string, id: string, body?: string | Buffer, stage = '') => {
    const path = `${stage}/@connections/${encodeURIComponent(id)}`
    const response = await fetch(url + path, { method, ...(body !== undefined && { body }) })
    return {
      status: response.status,
      type: response.headers.get('x-amzn-errortype'),
      text: await response.text(),
    }
  }
  return { seen, open, manage, url, port, api }
}

async function startWithOne() {
  const api = await start()
  const { id } = await api.open()
  return { ...api, id }
}

describe('a connection', () => {
  test('is asked for with its query and headers, and told of when it closes', async () => {
    const { seen, open } = await start()
    const { socket, id } = await open('/?key=a%20b&key=c')
    socket.close(4000, 'enough')

    await vi.waitFor(() => expect(seen.disconnect).toHaveLength(1))
    expect(seen.connect?.[0]).toMatchObject({
      queryStringParameters: { key: 'c' },
      multiValueQueryStringParameters: { key: ['a b', 'c'] },
      headers: { Upgrade: 'websocket' },
      requestContext: { routeKey: '$connect', eventType: 'CONNECT', stage: 'local', messageDirection: 'IN' },
    })
    expect(seen.disconnect?.[0].requestContext).toMatchObject({
      routeKey: '$disconnect',
      eventType: 'DISCONNECT',
      connectionId: id,
      disconnectStatusCode: 4000,
      disconnectReason: 'enough',
    })
  })

  test.each([
    [401, () => ({ statusCode: 401 })],
    [
      502,
      () => {
        throw new Error('broken')
      },
    ],
  ])('is refused with %i, and no function hears of it again', async (status, run) => {
    const { seen, open } = await start({ connect: { events: [{ websocket: '$connect' }], run } })

    await expect(open()).rejects.toThrow(String(status))
    expect(seen.disconnect).toEqual([])
  })

  test('of a page opens from its own origins only; a page may not manage connections at all', async () => {
    const { seen, open, url, id } = await startWithOne()
    const key = '/?key=local-dev-key'

    for (const origin of ['http://evil.example', 'null', 'http://localhost:8080'])
      await expect(open(key, [], { origin })).rejects.toThrow('403')
    await expect(open(key, [], { host: 'evil.example' })).rejects.toThrow('403')
    expect(seen.connect).toHaveLength(1)
    await open(key, [], { origin: 'http://page.example' })
    const remove = (origin: string) =>
      fetch(`${url}/@connections/${encodeURIComponent(id)}`, { method: 'DELETE', headers: { origin } })
    for (const origin of ['http://evil.example', 'http://page.example'])
      expect((await remove(origin)).status).toBe(403)
  })

  test('gets the subprotocol that $connect chooses', async () => {
    const run = () => ({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'v2' } })
    const { open } = await start({ connect: { events: [{ websocket: '$connect' }], run } })

    expect((await open('/', ['v1', 'v2'])).socket.protocol).toBe('v2')
  })

  test('that is cut before it opens is told of as closed', async () => {
    const gate = Promise.withResolvers<{ statusCode: number }>()
    const { seen, port } = await start({
      connect: { events: [{ websocket: '$connect' }], run: () => gate.promise },
    })
    const socket = connect(port, '127.0.0.1')
    socket.write(
      'GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    await vi.waitFor(() => expect(seen.connect).toHaveLength(1))
    socket.destroy()
    await new Promise((resolve) => setImmediate(resolve))
    gate.resolve({ statusCode: 200 })

    await vi.waitFor(() => expect(seen.disconnect).toHaveLength(1))
  })

  test('is closed with 1001 when it is idle or old, or the gateway stops', async () => {
    const idle = await start({}, { idleMs: 20 })
    const old = await start({}, { lifeMs: 20 })
    const stopped = await start()
    const last = await stopped.open()
    const codes = [(await idle.open()).closed, (await old.open()).closed, last.closed]
    await stopped.api.closeSockets()

    expect(await Promise.all(codes)).toEqual([1001, 1001, 1001])
    expect(stopped.seen.disconnect).toHaveLength(1)
  })
})

describe('a message', () => {
  test('goes to the route that it names, otherwise to $default', async () => {
    const { seen, open } = await start({
      ping: { events: [{ websocket: { route: 'ping' } }], run: () => ({ statusCode: 200, body: 'unsent' }) },
    })
    const { socket, texts, id } = await open()
    socket.send('{"action":"ping"}')
    socket.send('hello')

    await vi.waitFor(() => expect([seen.ping, seen.message]).toMatchObject([[{}], [{}]]))
    expect(seen.message?.[0]).toMatchObject({
      body: 'hello',
      isBase64Encoded: false,
      requestContext: {
        routeKey: '$default',
        eventType: 'MESSAGE',
        connectionId: id,
        messageId: expect.any(String),
      },
    })
    expect(seen.ping?.[0].requestContext.routeKey).toBe('ping')
    expect(texts).toEqual([])
  })

  test('of a route with a response is answered with the body of the function', async () => {
    const websocket = { route: 'ping', routeResponseSelectionExpression: '$default' }
    const { open } = await start({
      ping: { events: [{ websocket }], run: () => ({ statusCode: 200, body: '{"type":"pong","ü":1}' }) },
    })
    const { socket, texts } = await open()
    socket.send('{"action":"ping"}')

    await vi.waitFor(() => expect(texts).toEqual(['{"type":"pong","ü":1}']))
  })

  test('whose function fails, or that has no route, is answered by the gateway', async () => {
    const run = () => {
      throw new Error('secret')
    }
    const { open } = await start({ message: { events: [{ websocket: 'go' }], run } })
    const { socket, texts, id } = await open()
    socket.send('{"action":"go"}')
    socket.send('{"action":"other"}')

    await vi.waitFor(() => expect(texts).toHaveLength(2))
    const answers = texts.map((text) => JSON.parse(text)).sort((a, b) => (a.message < b.message ? -1 : 1))
    expect(answers).toEqual([
      { message: 'Forbidden', connectionId: id, requestId: expect.any(String) },
      { message: 'Internal server error', connectionId: id, requestId: expect.any(String) },
    ])
  })

  test('does not wait for the one before it', async () => {
    const gate = Promise.withResolvers<void>()
    const { seen, open } = await start({
      message: { events: [{ websocket: '$default' }], run: () => gate.promise },
    })
    const { socket } = await open()
    socket.send('one')
    socket.send('two')

    await vi.waitFor(() => expect(seen.message).toHaveLength(2))
    gate.resolve()
  })

  test.each([
    ['above 128 KB', 1009, 'x'.repeat(128 * 1024 + 1)],
    ['of bytes', 1003, Buffer.from([0, 1])],
  ])('%s closes its connection alone with %i', async (_, code, message) => {
    const { open, manage, seen } = await start()
    const [bad, good] = [await open(), await open()]
    bad.socket.send(message)

    expect(await bad.closed).toBe(code)
    expect(seen.message).toEqual([])
    expect(await manage('POST', good.id, 'still here')).toMatchObject({ status: 200 })
  })

  test('that breaks the protocol closes its connection alone', async () => {
    const { open, manage } = await start()
    const [bad, good] = [await open(), await open()]
    const { _socket: raw } = bad.socket as unknown as { _socket: NodeJS.WritableStream }
    raw.write(Buffer.alloc(4096, 0xf7))

    await bad.closed
    expect((await manage('POST', good.id, 'still here')).status).toBe(200)
  })
})

describe('the management API', () => {
  test('posts, describes and closes a connection, with or without a stage', async () => {
    const { open, manage, seen } = await start()
    const { texts, id, closed } = await open()

    expect(await manage('POST', id, 'one ü')).toMatchObject({ status: 200, text: '' })
    expect((await manage('POST', id, 'two', '/local')).status).toBe(200)
    await vi.waitFor(() => expect(texts).toEqual(['one ü', 'two']))
    const described = JSON.parse((await manage('GET', id)).text)
    expect(described).toEqual({
      connectedAt: new Date(seen.connect?.[0].requestContext.connectedAt).toISOString(),
      identity: { sourceIp: '127.0.0.1', userAgent: '' },
      lastActiveAt: expect.stringMatching(/Z$/),
    })
    expect((await manage('DELETE', id)).status).toBe(204)
    expect((await manage('POST', id, 'three')).status).toBe(410)
    expect(await closed).toBe(1000)
  })

  test('refuses an unknown connection with 410 and a message above 128 KB with 413', async () => {
    const { open, manage, url } = await start()
    const { id, texts } = await open()

    for (const method of ['POST', 'GET', 'DELETE'])
      expect(await manage(method, 'nobody=')).toMatchObject({ status: 410, type: 'GoneException' })
    expect(await manage('POST', id, 'x'.repeat(128 * 1024 + 1))).toMatchObject({ status: 413 })
    expect(await manage('POST', id, 'x'.repeat(128 * 1024))).toMatchObject({ status: 200 })
    expect((await fetch(`${url}/other`)).status).toBe(403)
    await vi.waitFor(() => expect(texts).toHaveLength(1))
  })

  test('has no connection before $connect has allowed it', async () => {
    const gate = Promise.withResolvers<{ statusCode: number }>()
    const { seen, open, manage } = await start({
      connect: { events: [{ websocket: '$connect' }], run: () => gate.promise },
    })
    const opening = open()
    await vi.waitFor(() => expect(seen.connect).toHaveLength(1))

    expect((await manage('POST', seen.connect?.[0].requestContext.connectionId, 'early')).status).toBe(410)
    gate.resolve({ statusCode: 200 })
    await opening
  })

  test('answers 429 while a client does not read, and delivers again when it does', async () => {
    const { open, manage } = await start()
    const { socket, id, texts } = await open()
    socket.pause()
    const statuses: number[] = []
    // The buffers of the system take some megabytes first.
    while (!statuses.includes(429) && statuses.length < 500)
      statuses.push((await manage('POST', id, 'x'.repeat(100_000))).status)
    const sent = statuses.filter((status) => status === 200).length
    socket.resume()

    expect(statuses.at(-1)).toBe(429)
    await vi.waitFor(() => expect(texts).toHaveLength(sent), { timeout: 10_000 })
    expect((await manage('POST', id, 'again')).status).toBe(200)
  })

  test('sends no pongs to a client that does not read', async () => {
    const { seen, open, manage } = await start()
    const { socket, id, texts } = await open()
    let pongs = 0
    socket.on('pong', () => pongs++)
    socket.ping()
    await vi.waitFor(() => expect(pongs).toBe(1))

    socket.pause()
    let sent = -1
    for (let status = 200; status === 200; sent++)
      status = (await manage('POST', id, 'x'.repeat(100_000))).status
    for (let ping = 0; ping < 1000; ping++) socket.ping()
    const before = seen.message?.length ?? 0
    socket.send('{"action":"any"}')
    await vi.waitFor(() => expect(seen.message?.length ?? 0).toBeGreaterThan(before))
    socket.resume()
    await vi.waitFor(() => expect(texts).toHaveLength(sent), { timeout: 10_000 })
    socket.ping()
    await vi.waitFor(() => expect(pongs).toBe(2))
  })

  test('hands at most 4 messages of a client to the functions at once, and all of them in the end', async () => {
    const gate = Promise.withResolvers<{ statusCode: number }>()
    let running = 0
    let most = 0
    const { seen, open } = await start({
      message: {
        events: [{ websocket: '$default' }],
        run: async () => {
          most = Math.max(most, ++running)
          await gate.promise
          running--
          return { statusCode: 200 }
        },
      },
    })
    const { socket } = await open()
    for (let message = 0; message < 500; message++) socket.send(`{"action":"any","n":${message}}`)
    await vi.waitFor(() => expect(running).toBe(4))

    gate.resolve({ statusCode: 200 })

    await vi.waitFor(() => expect(seen.message).toHaveLength(500))
    expect(most).toBe(4)
  })
})
