import { expect, it } from 'vitest'
import { endSession, NOT_TOLD } from './end-session.ts'

const token = async () => 'the-token'
const answering = (status: number, seen: Request[] = []) =>
  (async (url: URL, init: RequestInit) => {
    seen.push(new Request(url, init))
    return new Response(null, { status })
  }) as typeof fetch

it('tells the server with the token in a header, never in the address', async () => {
  const seen: Request[] = []

  expect(await endSession('http://localhost:3000', token, answering(200, seen))).toBeNull()

  const [request] = seen
  expect(request?.method).toBe('DELETE')
  expect(request?.url).toBe('http://localhost:3000/session')
  expect(request?.headers.get('authorization')).toBe('Bearer the-token')
})

it('has nothing to say if the session had ended already', async () => {
  expect(await endSession('http://localhost:3000', token, answering(401))).toBeNull()
})

it.each([
  ['refuses', token, answering(503)],
  ['cannot be reached', token, (() => Promise.reject(new TypeError('failed to fetch'))) as typeof fetch],
  ['cannot be asked for want of a token', () => Promise.reject(new Error('ended')), answering(200)],
])('says that sessions elsewhere go on if the server %s', async (_, ownToken, send) => {
  expect(await endSession('http://localhost:3000', ownToken, send)).toBe(NOT_TOLD)
})
