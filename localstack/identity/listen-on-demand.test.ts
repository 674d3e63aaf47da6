import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { listenOnDemand } from './listen-on-demand.ts'

/** A service that responds with the path of a request. */
async function startEcho() {
  const server = createServer((request, response) => response.end(request.url))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function listen(start: typeof startEcho, respond?: (begin: string) => string | null) {
  const log: string[] = []
  const service = await listenOnDemand(0, {
    start,
    ...(respond && { respond }),
    log: (line) => log.push(line),
  })
  onTestFinished(() => service.stop())
  return { ...service, log, get: async (path: string) => (await fetch(service.endpoint + path)).text() }
}

test('the service starts with the first of several requests, and once', async () => {
  const start = vi.fn(startEcho)
  const { get } = await listen(start)
  const before = start.mock.calls.length

  const bodies = await Promise.all([get('/a'), get('/b'), get('/c')])

  expect(bodies).toEqual(['/a', '/b', '/c'])
  expect([before, start.mock.calls.length]).toEqual([0, 1])
})

test('what needs no service is responded to without it, until it runs', async () => {
  const start = vi.fn(startEcho)
  const head = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\n'
  const { get } = await listen(start, (begin) => (begin.startsWith('GET /early ') ? `${head}early` : null))

  expect([await get('/early'), await get('/early')]).toEqual(['early', 'early'])
  expect(start).not.toHaveBeenCalled()
  expect([await get('/a'), await get('/early')]).toEqual(['/a', '/early'])
})

test('a service that cannot start is reported, and the next request tries again', async () => {
  const start = vi.fn(startEcho).mockRejectedValueOnce(new Error('no memory'))
  const { get, log } = await listen(start)

  await expect(get('/a')).rejects.toThrow()
  expect(await get('/b')).toBe('/b')
  expect(log).toEqual([expect.stringContaining('no memory')])
})

test('a service that never started stops, and one that runs is stopped', async () => {
  const stop = vi.fn(async () => {})
  const start = async () => ({ ...(await startEcho()), stop })
  const idle = await listen(start)
  await idle.stop()
  const idleStops = stop.mock.calls.length
  const used = await listen(start)
  await used.get('/a')
  await used.stop()

  expect([idleStops, stop.mock.calls.length]).toEqual([0, 1])
})
