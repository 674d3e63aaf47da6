import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { keepAliveRequester } from './keep-alive-request.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void
let server: Server
let sockets: Socket[]

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function start(handle: Handler, now = Date.now) {
  sockets = []
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    handle(request, response, body)
  })
  server.on('connection', (socket: Socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const request = keepAliveRequester(new URL(`http://127.0.0.1:${port}`), { now })
  return (body = '', timeoutMs = 5000) =>
    request({
      method: 'POST',
      path: '/path%20here',
      headers: { host: `127.0.0.1:${port}`, 'x-own': 'a', 'content-length': `${Buffer.byteLength(body)}` },
      body,
      timeoutMs,
    })
}

describe('a request', () => {
  test('sends its method, path, headers and body, and returns status, headers and body', async () => {
    const send = await start(({ method, url, headers }, response, body) => {
      response.writeHead(418, { 'x-theirs': 'b' }).write('{"seen":')
      response.end(JSON.stringify([method, url, headers['x-own'], body]).concat('}'))
    })

    const { status, headers, body } = await send('ü')

    expect([status, headers['x-theirs']]).toEqual([418, 'b'])
    expect(JSON.parse(body.toString())).toEqual({ seen: ['POST', '/path%20here', 'a', 'ü'] })
  })

  test('uses the socket of an earlier one, also after an error', async () => {
    const send = await start((_, response) => response.writeHead(500).end('no'))

    for (let at = 0; at < 5; at++) await send()

    expect(sockets).toHaveLength(1)
  })

  test.each([10_001, -3_600_000])('opens a new socket if the clock is %i ms further', async (ms) => {
    let now = 0
    const send = await start(
      (_, response) => response.end(),
      () => now,
    )
    await send()
    now += ms
    await send()

    expect(sockets).toHaveLength(2)
  })

  test('is patient with a socket that was in use just now, and not with one that was idle', async () => {
    let now = 0
    const pending: ServerResponse[] = []
    const send = await start(
      (_, response) => void (pending.length === 0 ? pending.push(response.end()) : pending.push(response)),
      () => now,
    )
    await send()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const busy = send('', 5000)
    await expect.poll(() => pending.length).toBe(2)
    vi.advanceTimersByTime(4000)
    pending.at(-1)?.end('late')
    expect((await busy).body.toString()).toBe('late')
    now += 1001
    const idle = send('', 5000)
    await expect.poll(() => pending.length).toBe(3)
    vi.advanceTimersByTime(1500)

    await expect(idle).rejects.toThrow('no response within 1500 ms')
    vi.useRealTimers()
    const again = send()
    await expect.poll(() => pending.length).toBe(4)
    pending.at(-1)?.end()
    await again
    expect(sockets).toHaveLength(2)
  })

  test.each<[string, Handler]>([
    ['does not respond', () => {}],
    ['stops halfway through its response', (_, response) => response.writeHead(200).write('{')],
  ])('to a server that %s throws at its timeout, and its socket is closed', async (_, handle) => {
    const send = await start(handle)

    await expect(send('', 100)).rejects.toThrow()

    await expect.poll(() => sockets[0]?.destroyed).toBe(true)
  })

  test.each<[string, Handler]>([
    ['before the response', ({ socket }) => socket.destroy()],
    ['halfway through it', ({ socket }, response) => response.write('{', () => socket.destroy())],
  ])('throws if the connection breaks %s', async (_, handle) => {
    const send = await start(handle)

    await expect(send()).rejects.toThrow()
  })

  test('throws if nobody listens', async () => {
    await start(() => {})
    const request = keepAliveRequester(new URL('http://127.0.0.1:9'))

    await expect(
      request({ method: 'GET', path: '/', headers: {}, body: '', timeoutMs: 1000 }),
    ).rejects.toThrow('ECONNREFUSED')
  })
})
