import { afterEach, expect, test, vi } from 'vitest'
import { createApi } from './api.ts'

afterEach(() => void vi.unstubAllGlobals())

/** The API on a server that gives these responses, one after the other. */
function open(responses: readonly (readonly [status: number, body: unknown])[], renew = async () => true) {
  const sent: string[] = []
  let token = 0
  vi.stubGlobal('fetch', async (_: URL, { headers }: { headers: Record<string, string> }) => {
    const [status, body] = responses[sent.length] ?? [500, null]
    sent.push(headers.authorization ?? '')
    return new Response(JSON.stringify(body), { status })
  })
  const api = createApi('http://server', { token: async () => `token ${++token}` }, renew)
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

test('does not send it a third time, nor a second time without another token', async () => {
  const twice = open([
    [401, {}],
    [401, { title: 'Unauthorized' }],
  ])
  await expect(twice.api.get('/x')).rejects.toMatchObject({ problem: { status: 401 } })
  expect(twice.sent).toHaveLength(2)
  const once = open([[401, {}]], async () => false)
  await expect(once.api.get('/x')).rejects.toMatchObject({ problem: { status: 401 } })
  expect(once.sent).toHaveLength(1)
})

test('throws what the server says about a failure, never returns it as data', async () => {
  const { api } = open([[503, { title: 'Unavailable', detail: 'Try again in a moment.' }]])
  await expect(api.get('/x')).rejects.toThrow('Try again in a moment.')
})
