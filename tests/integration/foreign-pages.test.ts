import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { publish, readLog } from '../support/api.ts'
import { PASSWORD } from '../support/sign-in.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startStack({
    env: { ALLOWED_HOSTS: 'tunnel.example', ALLOWED_ORIGINS: 'https://app.example' },
  })
  await publish(stack.httpUrl, { id: 'mine', type: 'note.written' })
  return () => stack.dispose()
})
afterAll(async () => {
  const notes = await readLog(stack.httpUrl, '**')
  expect(notes.filter(({ event }) => event.type.startsWith('note.')).map(({ event }) => event.id)).toEqual([
    'mine',
  ])
})

type Headers = Readonly<Record<string, string>>
type Call = {
  readonly method: string
  readonly path: string
  readonly headers?: Headers
  readonly body?: string
}

const credentials = { 'x-api-key': API_KEY }
const simple = { 'content-type': 'text/plain' }
/** What each server does for a client that it trusts. */
const CALLS = {
  'the HTTP API, to write': {
    port: 'HTTP_PORT',
    call: { method: 'POST', path: '/events', headers: credentials, body: '{"type":"note.forged"}' },
  },
  'the HTTP API, to read': {
    port: 'HTTP_PORT',
    call: { method: 'GET', path: '/events', headers: credentials },
  },
  'a webhook': {
    port: 'HTTP_PORT',
    call: { method: 'POST', path: '/webhooks/github', headers: simple, body: '{}' },
  },
  'the management API': { port: 'WS_PORT', call: { method: 'DELETE', path: '/@connections/abc%3D' } },
  "Lambda's Invoke API": {
    port: 'LAMBDA_PORT',
    call: {
      method: 'POST',
      path: '/2015-03-31/functions/tidewire-local-stats/invocations',
      headers: simple,
      body: '{}',
    },
  },
  'the tables': {
    port: 'DYNAMODB_PORT',
    call: {
      method: 'POST',
      path: '/',
      headers: { ...simple, 'x-amz-target': 'DynamoDB_20120810.ListTables' },
      body: '{}',
    },
  },
  'the identity provider': {
    port: 'IDENTITY_PORT',
    call: {
      method: 'POST',
      path: '/',
      headers: { ...simple, 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
      body: JSON.stringify({ AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { PASSWORD } }),
    },
  },
  'the settings of the page': { port: 'WEB_PORT', call: { method: 'GET', path: '/config.json' } },
} as const satisfies Record<string, { port: string; call: Call }>
const servers = Object.keys(CALLS) as (keyof typeof CALLS)[]

/** Sends a request as it is, with a `Host` and an `Origin` that `fetch` would not send. */
function send(port: number, { method, path, headers = {}, body = '' }: Call, more: Headers = {}) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>(
    (resolve, reject) => {
      const all = { ...headers, ...more, 'content-length': String(Buffer.byteLength(body)) }
      const sending = request(
        { host: '127.0.0.1', port, method, path, headers: all, agent: false },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk) => {
            text += chunk
          })
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          )
        },
      )
      sending.on('error', reject)
      sending.end(body)
    },
  )
}

const portOf = (server: keyof typeof CALLS) => stack.ports[CALLS[server].port] ?? 0
const callTo = (server: keyof typeof CALLS, more?: Headers) => send(portOf(server), CALLS[server].call, more)

describe.each(servers)('%s', (server) => {
  test('is used by tools, by every name of loopback', async () => {
    for (const host of ['localhost', `127.0.0.1:${portOf(server)}`, '[::1]'])
      expect((await callTo(server, { host })).status).not.toBe(403)
  })

  test.each([
    [{ host: 'evil.example' }],
    [{ host: 'localhost.evil.example:3000' }],
    [{ origin: 'http://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://localhost:1' }],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }],
  ])('is refused to a page with %j, whatever the method', async (more) => {
    const { call } = CALLS[server]
    for (const method of [call.method, 'OPTIONS', 'POST', 'GET']) {
      const { status, headers } = await send(portOf(server), { ...call, method }, more)
      expect(status).toBe(403)
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    }
  })
})

describe('what a page of another origin may use is configured', () => {
  const own = () => `http://localhost:${stack.ports.WEB_PORT}`

  test.each(['the HTTP API, to read', 'the identity provider'] as const)('%s', async (server) => {
    for (const origin of [own(), 'https://app.example']) {
      const { status, headers } = await callTo(server, { origin, host: 'tunnel.example' })
      expect(status).not.toBe(403)
      expect(headers['access-control-allow-origin']).toBe(origin)
      expect(headers.vary).toContain('origin')
    }
  })

  test('the socket, but not from elsewhere, whatever key it has', async () => {
    const open = (headers: Headers) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`${stack.socketUrl}/?key=${API_KEY}`, { headers })
        socket.once('open', () => {
          socket.close()
          resolve('open')
        })
        socket.once('error', ({ message }) => resolve(message))
      })

    for (const origin of [own(), 'https://app.example']) expect(await open({ origin })).toBe('open')
    for (const origin of ['http://evil.example', 'null', 'https://app.example.evil.example'])
      expect(await open({ origin })).toContain('403')
    expect(await open({ host: 'evil.example' })).toContain('403')
  })

  test.each(['the tables', "Lambda's Invoke API", 'the management API'] as const)(
    'nothing lets a page use %s',
    async (server) => {
      for (const origin of [own(), 'https://app.example'])
        expect((await callTo(server, { origin })).status).toBe(403)
    },
  )
})

test('a preflight is granted for every method and header of the API', async () => {
  const origin = `http://localhost:${stack.ports.WEB_PORT}`
  for (const method of ['GET', 'POST', 'DELETE']) {
    const { status, headers } = await send(
      stack.ports.HTTP_PORT ?? 0,
      { method: 'OPTIONS', path: '/events' },
      { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization' },
    )
    expect(status).toBe(204)
    expect(headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'origin' })
    expect(headers['access-control-allow-methods']).toContain(method)
    expect(headers['access-control-allow-headers']).toContain('authorization')
  }
})
