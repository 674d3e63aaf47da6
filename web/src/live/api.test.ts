import { afterEach, describe, expect, test, vi } from 'vitest'
import { createApi } from './api.ts'

afterEach(() => void vi.unstubAllGlobals())

/** The API on a server that gives these responses, one after the other. */
function open(
  responses: readonly (readonly [status: number, body: unknown])[],
  token = (sent: number) => `token ${sent + 1}`,
) {
  const sent: string[] = []
  vi.stubGlobal('fetch', async (_: URL, { headers }: { headers: Record<string, string> }) => {
    const [status, body] = responses[sent.length] ?? [500, null]
    sent.push(headers.authorization ?? '')
    return new Response(JSON.stringify(body), { status })
  })
  const api = createApi('http://server', { token: async () => token(sent.length) })
  return { api, sent }
}

test('sends a request once more with another token if the first was refused', async () => {
  const { api, sent } = open([
    [401, {}],
    [200, { total: 3 }],
  ])
  expect(await api.get('/x')).toEqual({ total: 3 })
  expect(sent).toEqual(['Bearer token 1', 'Bearer token 2'])
})

test('gives plain numbers, and the data of an event as JSON where that loses digits', async () => {
  const event = '{"specversion":"1.0","id":"e","source":"/s","type":"t","data":{"n":820982911946154508}}'
  vi.stubGlobal('fetch', async () => new Response(`{"events":[{"offset":2,"event":${event}}]}`))
  const api = createApi('http://server', { token: async () => 't' })

  expect(await api.get('/events')).toMatchObject({
    events: [{ offset: 2, event: { data: { n: 820982911946154500 } }, dataJson: '{"n":820982911946154508}' }],
  })
})

test('does not send it a third time, nor a second time without another token', async () => {
  const twice = open([
    [401, {}],
    [401, { title: 'Unauthorized' }],
  ])
  await expect(twice.api.get('/x')).rejects.toMatchObject({ problem: { status: 401 } })
  expect(twice.sent).toHaveLength(2)
  const once = open([[401, {}]], () => 'the only token')
  await expect(once.api.get('/x')).rejects.toMatchObject({ problem: { status: 401 } })
  expect(once.sent).toHaveLength(1)
})

describe('a write that may or may not have been carried out', () => {
  /** The API on a server that gives these responses to writes, one after the other; null cuts the connection. */
  function openForWrites(responses: readonly (Response | null)[]) {
    const keys: (string | undefined)[] = []
    const slept: number[] = []
    vi.stubGlobal('fetch', async (_: URL, { headers }: { headers: Record<string, string> }) => {
      const response = responses[keys.length]
      keys.push(headers['idempotency-key'])
      if (!response) throw new TypeError('cut')
      return response
    })
    const sleep = async (ms: number) => void slept.push(ms)
    return { api: createApi('http://server', { apiKey: 'k' }, sleep), keys, slept }
  }
  const late = (status: number) =>
    new Response('{"title":"late"}', { status, headers: { 'retry-after': '2' } })
  const done = () => new Response('{"offset":1}', { status: 202 })

  test.each([
    ['503', late(503)],
    ['500 of the gateway', new Response('{"message":"Internal Server Error"}', { status: 500 })],
    ['409 while the first try is under way', late(409)],
    ['a cut connection', null],
    ['a 2xx that is no JSON', new Response('<html>', { status: 200 })],
  ])('is sent again with the same key: %s', async (_, response) => {
    const { api, keys, slept } = openForWrites([response, done()])

    expect(await api.post('/events', {})).toEqual({ offset: 1 })

    expect(keys).toEqual([expect.stringMatching(/^"[0-9a-f-]{36}"$/), keys[0]])
    expect(slept[0]).toBeGreaterThanOrEqual(response?.headers.has('retry-after') ? 2000 : 0)
  })

  test('is given up after four tries, and is not said to have failed', async () => {
    const { api, keys } = openForWrites([])

    await expect(api.remove('/events/e1')).rejects.toThrow('may or may not have been done')

    expect(keys).toHaveLength(4)
  })

  test('is not sent again after a refusal', async () => {
    const { api, keys } = openForWrites([new Response('{"title":"no","detail":"closed"}', { status: 409 })])

    await expect(api.post('/events/e1/close')).rejects.toThrow('closed')

    expect(keys).toHaveLength(1)
  })
})

test('throws what the server says about a failure, never returns it as data', async () => {
  const { api } = open([[503, { title: 'Unavailable', detail: 'Try again in a moment.' }]])
  await expect(api.get('/x')).rejects.toThrow('Try again in a moment.')
})

describe('what never settles', () => {
  const hangs = () => new Promise<never>(() => {})
  /** A `fetch` that settles as a browser's does: never, but for its signal. */
  const silent = (_: URL, { signal }: { signal: AbortSignal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

  test('is given up and told: a request, and credentials', async () => {
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort(new Error('too long')))
    vi.stubGlobal('fetch', async (_: URL, { signal }: { signal: AbortSignal }) => signal.throwIfAborted())
    const api = createApi('http://server', { apiKey: 'k' })
    await expect(api.get('/x')).rejects.toMatchObject({ problem: { status: 0 } })
    vi.restoreAllMocks()

    vi.useFakeTimers()
    const waiting = createApi('http://server', { token: hangs })
    const told = expect(waiting.get('/x')).rejects.toMatchObject({ problem: { status: 0 } })
    await vi.advanceTimersByTimeAsync(20_000)
    await told
    vi.useRealTimers()
  })

  test('ends at once where the caller aborts it', async () => {
    vi.stubGlobal('fetch', silent)
    const aborter = new AbortController()
    const api = createApi('http://server', { apiKey: 'k' })
    const call = expect(api.get('/x', { signal: aborter.signal })).rejects.toThrow('left')
    aborter.abort(new Error('left'))
    await call
  })
})
