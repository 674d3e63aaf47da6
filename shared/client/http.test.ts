import { expect, test } from 'vitest'
import { createFakeClock } from '#shared/testing/client/fake-clock.ts'
import { type ConnectOptions, connect, type Fetch } from './connect.ts'
import { createHttp } from './http.ts'

const headers = async () => ({ 'x-api-key': 'k' })
const never = new AbortController().signal
const clock = createFakeClock()
const fetchWith = (fetch: Fetch) =>
  createHttp({ httpUrl: 'http://h', headers, fetch, clock, timeoutMs: 1000 }).page
const json = (body: unknown, status = 200, type = 'application/json') =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': type } })

test('requests with channels, filter and cursor, without filter values that a list cannot contain', async () => {
  const urls: string[] = []
  const fetchPage = fetchWith(async (url) => {
    urls.push(url)
    return json({ events: [], cursor: 't@e:0=1', recovered: true })
  })
  const filter = { severity: ['high', 'low'], subject: ['x,y'], type: ['a.*'] }
  await fetchPage({ channels: ['a.*', 'b'], filter }, 't@e:0=1', never)
  await fetchPage({ channels: ['a'] }, 'latest', never)
  expect(urls.map((url) => Object.fromEntries(new URL(url).searchParams))).toEqual([
    { channel: 'a.*,b', limit: '500', severity: 'high,low', type: 'a.*', cursor: 't@e:0=1' },
    { channel: 'a', limit: '500' },
  ])
})

test.each([
  [403, 'application/problem+json', true],
  [403, 'text/html', false],
  [401, 'application/problem+json', false],
  [503, 'application/problem+json', false],
])('treats HTTP %i as %s as permanent: %s', async (status, type, permanent) => {
  const fetchPage = fetchWith(async () => json({ title: 'Forbidden', detail: 'not yours' }, status, type))
  const error = { code: `http_${status}`, permanent, message: 'Forbidden: not yours' }
  await expect(fetchPage({ channels: ['a'] }, 'latest', never)).rejects.toMatchObject(error)
})

test('rejects a response that is not a page, and times out without a response', async () => {
  const wrong = fetchWith(async () => json({ events: [{}], cursor: '' }))
  await expect(wrong({ channels: ['a'] }, 'latest', never)).rejects.toMatchObject({ code: 'bad_answer' })
  const silent = fetchWith(
    (_, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('abort')))),
  )
  const answer = expect(silent({ channels: ['a'] }, 'latest', never)).rejects.toMatchObject({
    code: 'unreachable',
  })
  await clock.advance(1000)
  await answer
})

/** The URL of the first socket that a client opens. */
function firstSocketUrl(options: Pick<ConnectOptions, 'socketUrl' | 'credentials' | 'fetch' | 'keyInUrl'>) {
  return new Promise<string>((resolve) => {
    const tidewire = connect({
      ...options,
      httpUrl: 'http://h',
      openSocket: (url) => {
        resolve(url)
        setTimeout(() => tidewire.close())
        return { send: () => {}, close: () => {}, addEventListener: () => {} }
      },
    })
  })
}

test('sends a token as a header and requests a ticket with it for the socket', async () => {
  const calls: unknown[] = []
  const fetch: Fetch = async (url, init) => {
    calls.push([url, init?.method, init?.headers])
    return json({ ticket: 'one', expires: '' }, 201)
  }
  const credentials = { token: async () => 'jwt' }
  expect(await firstSocketUrl({ socketUrl: 'ws://h/x?y=1', credentials, fetch })).toBe(
    'ws://h/x?y=1&ticket=one',
  )
  expect(calls).toEqual([['http://h/tickets', 'POST', { authorization: 'Bearer jwt' }]])
})

test('puts a key into the URL of a socket only if that is asked for, wherever the socket is', async () => {
  const fetch: Fetch = async () => json({ ticket: 'one', expires: '' }, 201)
  const urlOf = (socketUrl: string, keyInUrl?: boolean) =>
    firstSocketUrl({ socketUrl, credentials: { apiKey: 'k' }, fetch, ...(keyInUrl && { keyInUrl }) })
  expect(await urlOf('ws://localhost:3001', true)).toBe('ws://localhost:3001/?key=k')
  for (const host of ['localhost:3001', '127.0.0.1:3001', '[::1]:3001', 'api.example.com'])
    expect(await urlOf(`ws://${host}`)).toBe(`ws://${host}/?ticket=one`)
  expect(await urlOf('wss://abc.execute-api.eu-central-1.amazonaws.com/prod')).toContain('/prod?ticket=one')
})
