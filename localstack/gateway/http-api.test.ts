import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test, vi } from 'vitest'
import type { Service } from '../service.ts'
import { createHttpApi } from './http-api.ts'
import { createIntegrations } from './integrations.ts'
import { createTestService, listen, type TestFunctions } from './testing/start-test-gateway.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** Returns the URL of an API with these functions; the gateway waits for one at most `limitMs`. */
type More = { readonly limitMs?: number } & Parameters<typeof createHttpApi>[3]
async function start(
  functions: TestFunctions,
  provider: Service['provider'] = {},
  { limitMs = 30_000, ...more }: More = {},
) {
  const { service, host, functions: definitions } = createTestService(functions, provider)
  const { url, stop } = await listen(
    createHttpApi(
      service,
      createIntegrations(host, definitions, limitMs),
      {
        hosts: [],
        origins: ['https://a.example'],
      },
      more,
    ),
  )
  stops.push(stop)
  return url
}

const echo = {
  events: [{ httpApi: '*' }],
  run: (event: unknown) => ({ statusCode: 200, body: JSON.stringify(event) }),
}

/** Sends a request without what fetch adds to it. */
function send(url: string, headers: readonly string[], body: Buffer): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: [...headers] }, async (response) =>
      resolve(JSON.parse(await text(response))),
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

test('repeated headers, odd cookies and bytes that are no text reach the function', async () => {
  const url = await start({ echo })
  const headers = [
    'host',
    'localhost',
    'content-length',
    '2',
    'x-list',
    'a',
    'X-List',
    'b',
    'cookie',
    '{"a":"b,c"}; =x; d',
  ]

  const event = await send(url, headers, Buffer.from([0xff, 0xfe]))

  expect(event).toMatchObject({
    headers: { 'x-list': 'a,b' },
    cookies: ['{"a":"b,c"}', '=x', 'd'],
    body: Buffer.from([0xff, 0xfe]).toString('base64'),
    isBase64Encoded: true,
  })
})

test.each([
  ['a subject', ['ce-subject', 'a', 'CE-Subject', 'b'], '/ce-subject'],
  ['an id', ['ce-id', '1', 'ce-source', '/s', 'ce-id', '1'], '/ce-id'],
  ['an extension', ['ce-x', '', 'ce-x', ''], '/ce-x'],
  ['one subject with a comma', ['ce-subject', 'a,b'], undefined],
  [
    'two in the body as well',
    ['ce-x', '1', 'ce-x', '2', 'content-type', 'application/cloudevents+json'],
    undefined,
  ],
])('an attribute of an event that came as two headers is refused: %s', async (_, headers, pointer) => {
  const url = await start({ echo })

  const { errors } = await send(
    url,
    ['host', 'localhost', 'content-length', '0', ...headers],
    Buffer.alloc(0),
  )

  expect(errors).toEqual(
    pointer && [{ pointer, detail: 'is a header that came several times: send it once.' }],
  )
})

test.each(['"hello"', 'null', '0', 'false', '{"a":1.0}', ' '])(
  'the JSON %s is passed as text',
  async (body) => {
    const url = await start({ echo })

    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })

    expect(await response.json()).toMatchObject({ body, isBase64Encoded: false })
  },
)

test('a path that is not encoded well is still passed on', async () => {
  const url = await start({ echo })

  expect(await (await fetch(`${url}/events/%zz`)).json()).toMatchObject({ rawPath: '/events/%zz' })
})

test('cookies of the function are headers of their own, and bytes are sent as they are', async () => {
  const url = await start({
    bytes: {
      events: [{ httpApi: 'GET /bytes' }],
      run: () => ({
        statusCode: 200,
        cookies: ['a=1', 'b=2'],
        headers: { 'content-type': 'image/png' },
        isBase64Encoded: true,
        body: 'AP8=',
      }),
    },
  })

  const response = await fetch(`${url}/bytes`)

  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255])
})

test('HEAD gets the length of the body and no body', async () => {
  const url = await start({ echo: { ...echo, run: () => ({ statusCode: 200, body: 'four' }) } })

  const response = await fetch(url, { method: 'HEAD' })

  expect([response.headers.get('content-length'), await response.text()]).toEqual(['4', ''])
})

test('no route is 404', async () => {
  const url = await start({ one: { ...echo, events: [{ httpApi: 'GET /one' }] } })

  const response = await fetch(`${url}/two`)

  expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }])
})

test('a function that fails is 500, and one that takes longer than the gateway waits is 503', async () => {
  const waiting = Promise.withResolvers<void>()
  const functions = {
    broken: {
      events: [{ httpApi: 'GET /broken' }],
      run: () => {
        throw new Error('secret')
      },
    },
    slow: { events: [{ httpApi: 'GET /slow' }], run: () => waiting.promise },
    bad: {
      events: [{ httpApi: 'GET /bad' }],
      run: () => ({ statusCode: 200, headers: { 'not a header': 'x' } }),
    },
  }
  const url = await start(functions, {}, { limitMs: 20 })
  const answerOf = async (path: string) => {
    const response = await fetch(url + path)
    return [response.status, await response.json()]
  }

  expect(await answerOf('/broken')).toEqual([500, { message: 'Internal Server Error' }])
  expect(await answerOf('/slow')).toEqual([503, { message: 'Service Unavailable' }])
  expect(await answerOf('/bad')).toEqual([500, { message: 'Internal Server Error' }])
  waiting.resolve()
})

test('a body above 10 MB, or above what Lambda takes, is 413', async () => {
  const url = await start({ echo })
  const post = async (bytes: number) => {
    const response = await fetch(url, { method: 'POST', body: Buffer.alloc(bytes, 'x') })
    await response.arrayBuffer()
    return response.status
  }

  expect([await post(1024), await post(5_000_000), await post(11_000_000)]).toEqual([200, 413, 413])
})

test('a sender that cuts its request leaves the gateway working', async () => {
  const url = await start({ echo })
  const cut = request(url, { method: 'POST', headers: { 'content-length': '100' } })
  const failed = new Promise((resolve) => cut.once('error', resolve))
  cut.write('half')
  cut.once('socket', (socket) => socket.once('connect', () => setImmediate(() => cut.destroy())))
  await failed

  expect((await fetch(url)).status).toBe(200)
})

const cors = {
  allowedHeaders: ['x-api-key'],
  allowedMethods: ['GET', 'POST'],
  exposedResponseHeaders: ['etag'],
  maxAge: 600,
}
const preflight = {
  method: 'OPTIONS',
  headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' },
}

test('a preflight is answered without a function, and responses get the headers of the gateway alone', async () => {
  const run = () => ({ statusCode: 200, headers: { 'access-control-allow-origin': 'evil', etag: '1' } })
  const url = await start({ any: { events: [{ httpApi: '*' }], run } }, { httpApi: { cors } })

  const asked = await fetch(url, preflight)
  const got = await fetch(url, { headers: { origin: 'https://a.example' } })
  const tool = await fetch(url)

  expect(asked.status).toBe(204)
  expect(asked.headers.get('content-length')).toBeNull()
  expect(Object.fromEntries(asked.headers)).toMatchObject({
    'access-control-allow-origin': 'https://a.example',
    'access-control-allow-headers': 'x-api-key',
    'access-control-allow-methods': 'GET,POST',
    'access-control-max-age': '600',
  })
  expect(got.headers.get('access-control-allow-origin')).toBe('https://a.example')
  expect(got.headers.get('access-control-expose-headers')).toBe('etag')
  expect(tool.headers.get('access-control-allow-origin')).toBeNull()
  expect([asked, got, tool].map(({ headers }) => headers.get('vary'))).toEqual(['origin', 'origin', 'origin'])
})

test('a route with the method OPTIONS takes the preflights of its path', async () => {
  const hooks = {
    events: [{ httpApi: 'OPTIONS /hooks/{source}' }],
    run: () => ({ statusCode: 200, body: 'mine' }),
  }
  const url = await start({ hooks, echo }, { httpApi: { cors: true } })

  expect(await (await fetch(`${url}/hooks/a`, preflight)).text()).toBe('mine')
  expect((await fetch(`${url}/other`, preflight)).headers.get('access-control-allow-origin')).toBe(
    'https://a.example',
  )
})

/** Sends bytes and leaves the request as it is. Returns what comes back, all of it once the gateway has ended it. */
function sendRaw(url: string, bytes: string) {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname, () => socket.write(bytes))
  let received = ''
  socket.on('data', (data) => {
    received += data
  })
  socket.on('error', () => {})
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(received)))
  stops.push(async () => void socket.destroy())
  return { socket, ended }
}

const HASTY = { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 10 }
const POST = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n'

test.each([
  ['its headers', POST],
  ['its body', `${POST}\r\nabc`],
])('a sender that does not end %s gets 408, and no function is invoked', async (_, bytes) => {
  const run = vi.fn(echo.run)
  const url = await start({ echo: { ...echo, run } }, {}, { patience: HASTY })

  expect(await sendRaw(url, bytes).ended).toMatch(/^HTTP\/1\.1 408 /)
  expect(run).not.toHaveBeenCalled()
})

test.each([
  ['POST', 'expect: 100-continue\r\ncontent-length: 2\r\n', '{}'],
  ['POST', 'transfer-encoding: chunked\r\n', '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'],
])('the body of a %s with %j is %j', async (method, headers, body) => {
  const url = await start({ echo })
  const bytes = `${method} / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: text/plain\r\n${headers}\r\n${body}`

  const [head = '', ...rest] = (await sendRaw(url, bytes).ended).split('HTTP/1.1 200').map(String)
  expect(head).toBe(headers.includes('expect') ? 'HTTP/1.1 100 Continue\r\n\r\n' : '')
  expect(JSON.parse(rest.join('').split('\r\n\r\n')[1] ?? '')).toMatchObject({ body: '{}' })
})

test('a request line and values of headers of more than 10,240 bytes are 431, and no function is called', async () => {
  const run = vi.fn(echo.run)
  const url = await start({ echo: { ...echo, run } })
  const statusWith = async (bytes: number) =>
    (await fetch(url, { method: 'POST', body: 'a', headers: { x: 'x'.repeat(bytes) } })).status

  expect([await statusWith(10_000), await statusWith(10_240)]).toEqual([200, 431])
  expect(run).toHaveBeenCalledOnce()
})

test('headers of more than 16 KB are 431', async () => {
  const url = await start({ echo })
  const { ended } = sendRaw(url, `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)

  expect(await ended).toMatch(/^HTTP\/1\.1 431 /)
})

test('bodies that are not complete take a bounded memory together, which is free again when their senders are gone', async () => {
  const url = await start({ echo }, {}, { bodiesBytes: 1000 })
  const slow = sendRaw(url, `${POST}\r\n${'x'.repeat(900)}`)
  const post = () => fetch(url, { method: 'POST', body: 'x'.repeat(500) }).then(({ status }) => status)
  await vi.waitFor(async () => expect(await post().catch(() => 'cut')).toBe('cut'))

  slow.socket.destroy()

  await vi.waitFor(async () => expect(await post().catch(() => 'cut')).toBe(200))
})

test('where 200 requests of one sender wait, further ones get 429 before their body is read, and others are let in', {
  timeout: 90_000,
}, async () => {
  const gate = Promise.withResolvers<void>()
  const url = await start({
    slow: {
      events: [{ httpApi: 'POST /webhooks/slow' }],
      run: () => gate.promise.then(() => ({ statusCode: 200 })),
    },
    echo,
  })
  const waiting = Array.from({ length: 204 }, () => fetch(`${url}/webhooks/slow`, { method: 'POST' }))
  const headers = 'POST /webhooks/slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n'
  const refused = await vi.waitFor(async () => {
    const { socket } = sendRaw(url, headers)
    const response = await new Promise((resolve) => {
      socket.once('data', (data) => resolve(String(data)))
      setTimeout(resolve, 2000, null)
    })
    socket.destroy()
    expect(response).not.toBeNull()
    return response
  }, 60_000)
  expect(refused).toMatch(/^HTTP\/1\.1 429 [\s\S]*\r\nretry-after: 1\r\n/i)
  expect((await fetch(`${url}/other`)).status).toBe(200)

  gate.resolve()

  expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([200]))
})
