import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { PostResult, SocketGateway } from '#shared/pipeline/ports.ts'
import { apiGateway } from './api-gateway.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void
type Options = Partial<Parameters<typeof apiGateway>[0]>
let server: Server
let requests: { method: string | undefined; url: string | undefined; body: string }[]

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** A management API on loopback that returns the given responses. */
async function start(handle: Handler, options: Options = {}): Promise<SocketGateway> {
  requests = []
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push({ method: request.method, url: request.url, body })
    handle(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return apiGateway({ endpoint: `http://127.0.0.1:${port}/stage`, isLocal: true, ...options })
}
const status =
  (...codes: number[]): Handler =>
  (_, response) =>
    void response.writeHead(codes[requests.length - 1] ?? codes.at(-1) ?? 200).end('{}')
const soon = () => performance.now() + 5000

describe('posting a frame', () => {
  test('sends its text to the connection', async () => {
    const gateway = await start(status(200))

    expect(await gateway.post('abc=', '{"type":"pong","ü":1}', soon())).toBe('sent')

    expect(requests).toEqual([
      { method: 'POST', url: '/stage/@connections/abc%3D', body: '{"type":"pong","ü":1}' },
    ])
  })

  test.each([
    [410, 'gone', 1],
    [400, 'gone', 1],
    [413, 'failed', 1],
    [403, 'failed', 1],
    [429, 'failed', 3],
    [500, 'failed', 3],
  ])('with the response %i is %s after %i tries', async (code, result, tries) => {
    const gateway = await start(status(code))

    expect(await gateway.post('c1', '{}', soon())).toBe(result)
    expect(requests).toHaveLength(tries)
  })

  test('is sent when a failure was temporary', async () => {
    const gateway = await start(status(500, 429, 200))

    expect(await gateway.post('c1', '{}', soon())).toBe('sent')
    expect(requests).toHaveLength(3)
  })

  test('is retried when the connection to the gateway breaks', async () => {
    const gateway = await start((request, response) => {
      if (requests.length === 1) request.socket.destroy()
      else response.end('{}')
    })

    expect(await gateway.post('c1', '{}', soon())).toBe('sent')
  })

  test('without a response fails at the deadline', async () => {
    const gateway = await start(() => {})

    expect(await gateway.post('c1', '{}', performance.now() + 300)).toBe('failed')
    expect(requests).toHaveLength(1) // the deadline ended the first try, and there was no time for another
  })

  test('is not tried if the deadline has passed', async () => {
    const gateway = await start(status(200))

    expect(await gateway.post('c1', '{}', performance.now() - 1)).toBe('failed')
    expect(requests).toEqual([])
  })

  test('to a gateway that is not reachable fails', async () => {
    const gateway = apiGateway({ endpoint: 'http://127.0.0.1:9', isLocal: true })
    await start(status(200))

    expect(await gateway.post('c1', '{}', soon())).toBe('failed')
  })
})

describe('the credentials of a post', () => {
  const AWS = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 's',
    AWS_SESSION_TOKEN: 'token',
  }

  test.each([
    [false, /Credential=AKID\/\d{8}\/eu-central-1\/execute-api\//, 'token'],
    [true, /Credential=AKID\/\d{8}\/local\/execute-api\//, undefined],
  ])(
    'are those of the environment, and of no account on the local stack: %s',
    async (isLocal, credential, token) => {
      const seen: IncomingMessage['headers'][] = []
      const handle: Handler = ({ headers }, response) => {
        seen.push(headers)
        response.end('{}')
      }
      const gateway = await start(handle, { isLocal, aws: AWS })

      await gateway.post('c1', '{}', soon())

      expect(seen[0]?.authorization).toMatch(credential)
      expect(seen[0]?.['x-amz-security-token']).toBe(token)
    },
  )
})

describe('posts to a gateway that is offered 1.5 times its limit', () => {
  test('take at most 1.1 attempts for each frame, and the limit is used', async () => {
    const LIMIT = 100
    const TICK_MS = 20
    const FRAMES = 1.5 * LIMIT * 20
    const clock = createTickingClock()
    let tokens = LIMIT / 2
    const gateway = await start(
      (_, response) => {
        const isTaken = tokens >= 1
        if (isTaken) tokens--
        response.writeHead(isTaken ? 200 : 429).end('{}')
      },
      { clock },
    )
    let running = 0
    const results: Promise<PostResult>[] = []
    const post = async (connection: string) => {
      running++
      const result = await gateway.post(connection, '{}', clock.now() + 60_000)
      running--
      return result
    }

    let ticks = 0
    for (; results.length < FRAMES || running > 0; ticks++) {
      tokens = Math.min(LIMIT / 2, tokens + (LIMIT * TICK_MS) / 1000)
      for (let frame = 0; frame < 1.5 * LIMIT * (TICK_MS / 1000) && results.length < FRAMES; frame++)
        results.push(post(`c${results.length % 150}`))
      await clock.tick(TICK_MS, () => running)
    }

    const sent = (await Promise.all(results)).filter((result) => result === 'sent').length
    expect(requests.length / FRAMES).toBeLessThanOrEqual(1.1)
    expect(sent / FRAMES).toBeGreaterThanOrEqual(0.95)
    expect(sent / ticks / TICK_MS).toBeGreaterThanOrEqual((0.8 * LIMIT) / 1000)
  })
})

/** A clock that moves only by ticks, each of which ends when every running post waits for a later one. */
function createTickingClock() {
  let now = 1_000_000
  let waiting: { readonly at: number; readonly wake: () => void }[] = []
  let next = 0
  const random = () => (next = (next + 0.37) % 1)
  return {
    now: () => now,
    sleep: (ms: number) => new Promise<void>((wake) => void waiting.push({ at: now + ms, wake })),
    random,
    async tick(ms: number, running: () => number): Promise<void> {
      now += ms
      for (;;) {
        const due = waiting.filter(({ at }) => at <= now)
        waiting = waiting.filter(({ at }) => at > now)
        for (const { wake } of due) wake()
        await new Promise((resolve) => setImmediate(resolve))
        if (running() === waiting.length) return
      }
    },
  }
}

describe('closing a connection', () => {
  test.each([204, 410])('succeeds when the gateway returns %i', async (code) => {
    const gateway = await start(status(code))

    await gateway.close('c1')

    expect(requests).toMatchObject([{ method: 'DELETE', url: '/stage/@connections/c1' }])
  })

  test('throws if it may still be open', async () => {
    const gateway = await start(status(500))

    await expect(gateway.close('c1')).rejects.toThrow()
  })
})
