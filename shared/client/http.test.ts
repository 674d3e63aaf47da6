import { describe, expect, test } from 'vitest'
import { createFakeClock } from '#shared/testing/client/fake-clock.ts'
import { createAuthorize } from './authorize.ts'
import { type Authorize, type ConnectOptions, connect, type Fetch } from './connect.ts'
import { createHttp } from './http.ts'

const settings = { httpUrl: 'http://h', timeoutMs: 1000, ticketTimeoutMs: 500 }
const authorize: Authorize = (send) => send({ 'x-api-key': 'k' })
const never = new AbortController().signal
const clock = createFakeClock()
const fetchWith = (fetch: Fetch) => createHttp({ ...settings, authorize, fetch, clock }).page
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

test('gives plain numbers, and the data of an event as JSON where that loses digits', async () => {
  const event = '{"specversion":"1.0","id":"e","source":"/s","type":"t","data":{"n":820982911946154508}}'
  const page = `{"events":[{"topic":"t","partition":0,"offset":2,"event":${event}}],"cursor":"t@e:0=2"}`
  const state = '{"key":"","topic":"t","epoch":"e","partition":0,"offset":2,"state":{"n":820982911946154508}}'
  const parts = `{"parts":[${state}],"cursor":"t@e:0=2","next":null}`
  const fetch = async (url: string) => new Response(url.includes('/views/') ? parts : page)
  const { page: fetchPage, view } = createHttp({ ...settings, authorize, fetch, clock })

  const { events } = await fetchPage({ channels: ['a'] }, 'latest', never)
  expect(events).toMatchObject([
    { event: { data: { n: 820982911946154500 } }, dataJson: '{"n":820982911946154508}' },
  ])
  const snapshot = await view({ domain: 'd', view: 'v' }, never)
  expect(snapshot.parts).toMatchObject([{ state: { n: 820982911946154500 } }])
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

describe('what never settles is given up, and said', () => {
  const hangs = () => new Promise<never>(() => {})
  const bodyHangs = async () => new Response(new ReadableStream({ pull: hangs }))
  const problemHangs = async () => new Response(new ReadableStream({ pull: hangs }), { status: 503 })
  const ok = async () => json({ events: [], cursor: 't@e:0=1', recovered: true })

  test.each([
    ['the callback for credentials', hangs, ok, 'credentials_failed', 'the callback for credentials took'],
    ['fetch, also one that ignores its signal', async () => 't', hangs, 'unreachable', 'the response took'],
    ['a body', async () => 't', bodyHangs, 'unreachable', 'the rest of the response took'],
    ['the body of an error', async () => 't', problemHangs, 'unreachable', 'the rest of the response took'],
  ])('%s', async (_, token, fetch, code, message) => {
    const authorizeOnce = createAuthorize({ token }, { clock, timeoutMs: 500 })
    const { page, view, ticket } = createHttp({ ...settings, authorize: authorizeOnce, fetch, clock })
    const told = Promise.all(
      [
        page({ channels: ['a'] }, 'latest', never),
        page({ channels: ['a'] }, 'latest', never, 20),
        view({ domain: 'd', view: 'v' }, never),
        ticket(never),
      ].map((call) =>
        expect(call).rejects.toMatchObject({
          code,
          permanent: false,
          message: expect.stringContaining(message),
        }),
      ),
    )
    await clock.advance(21_000)
    await told
    expect(clock.pending()).toBe(0)
  })

  test('what is aborted ends at once, whether or not the callback or `fetch` hear of it', async () => {
    for (const token of [hangs, async () => 't']) {
      const aborter = new AbortController()
      const { page } = createHttp({
        ...settings,
        authorize: createAuthorize({ token }, { clock, timeoutMs: 500 }),
        fetch: hangs,
        clock,
      })
      const call = expect(page({ channels: ['a'] }, 'latest', aborter.signal)).rejects.toMatchObject({
        code: 'unreachable',
      })
      aborter.abort()
      await call
      expect(clock.pending()).toBe(0)
    }
  })

  test('a view whose pages go round', async () => {
    const fetch: Fetch = async () => json({ parts: [], cursor: 't@e:0=1', next: 'again' })
    const { view } = createHttp({ ...settings, authorize, fetch, clock })
    await expect(view({ domain: 'd', view: 'v' }, never)).rejects.toMatchObject({ code: 'bad_answer' })
  })
})

describe('a token that the server refuses', () => {
  /** A server that takes one token only. `asked` are the tokens with which the callback was called. */
  function world(valid: string, give: (refused: string | undefined) => string | Promise<string>) {
    const asked: (string | undefined)[] = []
    const sent: string[] = []
    const token = async (refused?: string) => {
      asked.push(refused)
      return give(refused)
    }
    const fetch: Fetch = async (_, init) => {
      const authorization = new Headers(init?.headers).get('authorization') ?? ''
      sent.push(authorization.replace('Bearer ', ''))
      if (authorization !== `Bearer ${valid}`) return json({ title: 'No' }, 401, 'application/problem+json')
      return json({ events: [], cursor: 't@e:0=1', recovered: true })
    }
    const authorizeOnce = createAuthorize({ token }, { clock, timeoutMs: 500 })
    const { page } = createHttp({ ...settings, authorize: authorizeOnce, fetch, clock })
    return { asked, sent, read: () => page({ channels: ['a'] }, 'latest', never) }
  }

  test('is replaced once, for all requests that it refuses together', async () => {
    let present = 'old'
    const { asked, sent, read } = world('new', async (refused) => {
      if (refused === 'old') present = await Promise.resolve('new')
      return present
    })
    await Promise.all([read(), read(), read()])
    expect(asked.filter((refused) => refused !== undefined)).toEqual(['old'])
    expect(sent.sort()).toEqual(['new', 'new', 'new', 'old', 'old', 'old'])
  })

  test('is not replaced where another request has done that meanwhile', async () => {
    let asks = 0
    const { asked, read } = world('new', () => (asks++ === 0 ? 'old' : 'new'))
    await read()
    expect(asked).toEqual([undefined, undefined])
  })

  test.each([
    ['the next one too', () => `t${Math.random()}`, 2],
    ['there is no other', () => 'old', 1],
  ])('is told as http_401 where %s', async (_, give, requests) => {
    const { sent, read } = world('new', give)
    await expect(read()).rejects.toMatchObject({ code: 'http_401', permanent: false })
    expect(sent).toHaveLength(requests)
  })

  test('and a renewal that hangs is given up, and begun again by the next request', async () => {
    let renewals = 0
    const { read } = world('new', (refused) => {
      if (refused === undefined) return 'old'
      return ++renewals === 1 ? new Promise<never>(() => {}) : 'new'
    })
    const first = expect(read()).rejects.toMatchObject({ code: 'credentials_failed' })
    await clock.advance(500)
    await first
    await read()
    expect(renewals).toBe(2)
  })
})
