import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ReplayFailure } from '#shared/pipeline/replays/run-replay.ts'
import { urlPoster } from './post-to-url.ts'

let close = () => {}
afterEach(() => close())

async function serve(respond: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(respond)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  return `http://localhost:${(server.address() as AddressInfo).port}/in`
}
const request = { headers: { 'content-type': 'text/plain' }, body: 'é' }

test('a body is posted, and the status and the pause that is asked for are returned', async () => {
  const seen: (string | undefined)[] = []
  const url = await serve(async (incoming, response) => {
    for await (const chunk of incoming) seen.push(String(chunk))
    seen.push(incoming.method, incoming.url, incoming.headers['content-length'])
    response.writeHead(429, { 'retry-after': '3' }).end('much')
  })

  expect(await urlPoster({ isLocal: true })(url, request)).toEqual({ status: 429, retryAfter: '3' })
  expect(seen).toEqual(['é', 'POST', '/in', '2'])
})

test('no redirect is followed', async () => {
  let calls = 0
  const url = await serve((_, response) => {
    calls += 1
    response.writeHead(302, { location: '/other' }).end()
  })

  expect(await urlPoster({ isLocal: true })(url, request)).toEqual({ status: 302 })
  expect(calls).toBe(1)
})

test('a name that leads to this machine is not connected to', async () => {
  let calls = 0
  const url = await serve((_, response) => {
    calls += 1
    response.end()
  })

  const error = await urlPoster({ isLocal: false })(url, request).catch((cause: unknown) => cause)

  expect(error).toBeInstanceOf(ReplayFailure)
  expect(calls).toBe(0)
})

test('a connection that breaks is an error', async () => {
  const url = await serve((incoming) => incoming.destroy())
  await expect(urlPoster({ isLocal: true })(url, request)).rejects.toThrow()
})
