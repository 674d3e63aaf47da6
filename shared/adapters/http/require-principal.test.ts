import { expect, test } from 'vitest'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { type Identify, requirePrincipal } from './require-principal.ts'

const identify: Identify = {
  byKey: async (key) =>
    ['key', 'tw_key'].includes(key) ? makePrincipal({ name: 'service', role: 'publisher' }) : null,
  byToken: async (token) => makePrincipal({ name: `bearer of ${token}` }),
}
const nameOf = async (headers: Record<string, string>) => (await requirePrincipal({ headers }, identify)).name

test('prefers a key to a token', async () => {
  expect(await nameOf({ 'x-api-key': 'key' })).toBe('service')
  expect(await nameOf({ authorization: 'Bearer a.b.c' })).toBe('bearer of a.b.c')
  expect(await nameOf({ authorization: 'Bearer tw_key' })).toBe('service')
  expect(await nameOf({ authorization: 'bearer  a.b.c ' })).toBe('bearer of a.b.c')
  expect(await nameOf({ 'x-api-key': 'key', authorization: 'Bearer a.b.c' })).toBe('service')
})

test.each([
  [{}, 'Send an API key'],
  [{ 'x-api-key': '' }, 'Send an API key'],
  [{ 'x-api-key': 'guess' }, 'This API key is not known, has expired or was revoked.'],
  [{ authorization: 'Bearer tw_guess' }, 'This API key is not known'],
  [{ 'x-api-key': 'guess', authorization: 'Bearer a.b.c' }, 'This API key is not known'],
  [{ authorization: 'Basic YTpi' }, 'must be "Bearer <access token>"'],
  [{ authorization: 'Bearer' }, 'must be "Bearer <access token>"'],
  [{ authorization: 'Bearer a b' }, 'must be "Bearer <access token>"'],
])('reports what is wrong with %j', async (headers, text) => {
  await expect(nameOf(headers as Record<string, string>)).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining(text),
  })
})
