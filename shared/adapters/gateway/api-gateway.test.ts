import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { SocketGateway } from '#shared/pipeline/ports.ts'
import { apiGateway } from './api-gateway.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void
let server: Server
let requests: { method: string | undefined; url: string | undefined; body: string }[]

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** A management API on loopback that returns the given responses. */
async function start(handle: Handler): Promise<SocketGateway> {
  requests = []
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push({ method: request.method, url: request.url, body })
    handle(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return apiGateway({ endpoint: `http://127.0.0.1:${port}/stage`, isLocal: true })
}
const status =
  (...codes: number[]): Handler =>
  (_, response) =>
    void response.writeHead(codes[requests.length - 1] ?? codes.at(-1) ?? 200).end('{}')
const soon = () => Date.now() + 5000

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

    expect(await gateway.post('c1', '{}', Date.now() + 300)).toBe('failed')
    expect(requests).toHaveLength(1) // the deadline ended the first try, and there was no time for another
  })

  test('is not tried if the deadline has passed', async () => {
    const gateway = await start(status(200))

    expect(await gateway.post('c1', '{}', Date.now() - 1)).toBe('failed')
    expect(requests).toEqual([])
  })

  test('to a gateway that is not reachable fails', async () => {
    const gateway = apiGateway({ endpoint: 'http://127.0.0.1:9', isLocal: true })
    await start(status(200))

    expect(await gateway.post('c1', '{}', soon())).toBe('failed')
  })
})

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
