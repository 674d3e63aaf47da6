import { expect, test } from 'vitest'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { type Identify, keyIn, requirePrincipal } from './require-principal.ts'

const identify: Identify = {
  byKey: async (key) =>
    ['key', 'tw_key', 'local-key'].includes(key)
      ? makePrincipal({ name: 'service', role: 'publisher' })
      : null,
  byToken: async (token) => makePrincipal({ name: `bearer of ${token}` }),
}
const nameOf = async (headers: Record<string, string>) => (await requirePrincipal({ headers }, identify)).name

test('prefers a key to a token', async () => {
  expect(await nameOf({ 'x-api-key': 'key' })).toBe('service')
  expect(await nameOf({ authorization: 'Bearer a.b.c' })).toBe('bearer of a.b.c')
  expect(await nameOf({ authorization: 'Bearer tw_key' })).toBe('service')
  expect(await nameOf({ authorization: 'Bearer local-key' })).toBe('service')
  expect(await nameOf({ authorization: 'bearer  a.b.c ' })).toBe('bearer of a.b.c')
  expect(await nameOf({ 'x-api-key': 'key', authorization: 'Bearer a.b.c' })).toBe('service')
})

test.each(['bearer', 'BEARER', 'bEaReR'])(
  'the scheme is %s in any case, with any space around the token',
  async (scheme) => {
    for (const authorization of [`${scheme} a.b.c`, `${scheme}   a.b.c  `, ` ${scheme}\ta.b.c\t`])
      expect(await nameOf({ authorization })).toBe('bearer of a.b.c')
    expect(keyIn({ headers: { authorization: `${scheme}  tw_key ` } })).toBe('tw_key')
  },
)

test.each([
  ['authorization', 'Bearer a.b.c,Bearer a.b.c'],
  ['authorization', 'Bearer a.b.c, bearer d.e.f'],
  ['authorization', 'Basic YTpi,Bearer a.b.c'],
  ['x-api-key', 'key,key'],
])('%s that came several times is malformed: %s', async (name, value) => {
  await expect(nameOf({ [name]: value })).rejects.toMatchObject({
    code: 'malformed',
    message: expect.stringContaining(`The header "${name}" came several times`),
  })
})

test.each([
  [{}, 'Send an API key'],
  [{ authorization: '  ' }, 'Send an API key'],
  [{ 'x-api-key': '' }, 'Send an API key'],
  [{ 'x-api-key': 'guess' }, 'This API key is not known, has expired or was revoked.'],
  [{ authorization: 'Bearer tw_guess' }, 'This API key is not known'],
  [{ 'x-api-key': 'guess', authorization: 'Bearer a.b.c' }, 'This API key is not known'],
  [{ authorization: 'Basic YTpi' }, 'The scheme Basic is not one that is taken here'],
  [{ authorization: 'Digest username="a", realm="b"' }, 'The scheme Digest is not one'],
  [{ authorization: 'tw_key' }, 'must be "Bearer <access token>"'],
  [{ authorization: 'Bearer' }, 'must be "Bearer <access token>"'],
  [{ authorization: 'Bearer a b' }, 'must be "Bearer <access token>"'],
])('reports what is wrong with %j', async (headers, text) => {
  await expect(nameOf(headers as Record<string, string>)).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining(text),
  })
})
