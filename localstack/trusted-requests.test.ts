import { request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { listenOnLoopback } from './listen-on-loopback.ts'
import { createTrustingServer, loopbackOrigins, NO_PAGES, requestProblem } from './trusted-requests.ts'

const trust = { hosts: ['tunnel.example'], origins: [...loopbackOrigins(5173), 'https://app.example'] }
const problemOf = (headers: Record<string, string>, method = 'GET') =>
  requestProblem({ method, headers: { host: 'localhost:3000', ...headers } }, trust)

describe('the name that a request calls the stack by', () => {
  test.each([
    'localhost:3000',
    'LOCALHOST',
    '127.0.0.1:3000',
    '[::1]:3000',
    'tunnel.example',
    '127.0.0.1:41234',
  ])('may be %s', (host) => expect(problemOf({ host })).toBeNull())

  test.each([
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example:3000',
    'localhost.',
    '127.0.0.2:3000',
    '0.0.0.0:3000',
    '[::ffff:127.0.0.1]:3000',
    'evil.example#localhost:3000',
    '',
  ])('may not be %s, as that of a page whose name points to loopback', (host) =>
    expect(problemOf({ host })).toContain('is not a name of this stack'),
  )
})

describe('the page that a request comes from', () => {
  test.each(['http://localhost:5173', 'http://127.0.0.1:5173', 'http://[::1]:5173', 'https://app.example'])(
    'may be %s, with any method',
    (origin) => {
      for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE'])
        expect(problemOf({ origin, 'sec-fetch-site': 'cross-site' }, method)).toBeNull()
    },
  )

  test.each([
    'http://evil.example',
    'null',
    '',
    'http://localhost:8080',
    'https://localhost:5173',
    'http://localhost:5173.evil.example',
    'http://app.example',
    'HTTP://LOCALHOST:5173',
  ])('may not be "%s"', (origin) => {
    for (const method of ['GET', 'POST', 'OPTIONS'])
      expect(problemOf({ origin }, method)).toContain('may not use this')
  })

  test('may not be another one that shows an image, runs a script or opens a frame', () => {
    for (const site of ['cross-site', 'same-site'])
      for (const dest of ['image', 'script', 'iframe', 'empty'])
        expect(problemOf({ 'sec-fetch-site': site, 'sec-fetch-dest': dest })).toContain('may not use this')
  })

  test('is none if the developer opens an address, or follows a link to it', () => {
    expect(problemOf({ 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' })).toBeNull()
    expect(problemOf({ 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' })).toBeNull()
    expect(problemOf({ 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }, 'POST')).not.toBeNull()
  })

  test('is the stack itself for what its page loads, and none for tools', () => {
    expect(problemOf({ 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'script' })).toBeNull()
    expect(problemOf({}, 'POST')).toBeNull()
  })
})

describe('a server', () => {
  let stop = () => {}
  afterEach(() => stop())

  test('refuses with 403 and reads no body of what it does not trust', async () => {
    let calls = 0
    const server = createTrustingServer(NO_PAGES, (request, response) => {
      calls += 1
      request.resume()
      response.end('done')
    })
    await listenOnLoopback(server, 0)
    stop = () => server.close()
    const { port } = server.address() as AddressInfo
    const post = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sending = send(
          { port, host: '127.0.0.1', method: 'POST', headers, agent: false },
          (response) => {
            response.resume()
            resolve(response.statusCode)
          },
        )
        sending.once('error', reject)
        sending.end('x'.repeat(1_000_000))
      })

    expect(await post({ origin: 'http://localhost:5173' })).toBe(403)
    expect(await post({ host: `evil.example:${port}` })).toBe(403)
    expect(calls).toBe(0)
    expect(await post({})).toBe(200)
  })
})
