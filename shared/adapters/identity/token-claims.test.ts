import { describe, expect, test } from 'vitest'
import { principalOfClaims } from './token-claims.ts'

const USER = {
  token_use: 'access',
  client_id: 'web',
  username: 'ada@example.com',
  sub: 'u1',
  'cognito:groups': ['operator'],
  iat: 100,
  exp: 200,
}
const SERVICE = {
  token_use: 'access',
  client_id: 'billing',
  sub: 'billing',
  scope: 'tidewire/publisher tidewire/publish:port.**',
  iat: 100,
  exp: 200,
}
const read = (claims: Readonly<Record<string, unknown>>) => principalOfClaims(claims, { clientId: 'web' })

describe('the claims of a user', () => {
  test('say the name, the role, and the times in milliseconds', () => {
    expect(read(USER)).toEqual({
      kind: 'user',
      name: 'ada@example.com',
      id: 'u1',
      role: 'operator',
      issued: 100_000,
      expires: 200_000,
    })
  })

  test.each([
    [['viewer', 'admin', 'publisher'], { role: 'admin' }],
    [['operator', 'finance', 'Domain Admins', 'eu-central-1_x_Google', 'a:b'], { role: 'operator' }],
    [
      ['operator', 'read:port.**', 'move.**:port.ship'],
      {
        role: 'operator',
        grants: [
          { actions: 'read', channels: 'port.**', types: '**' },
          { actions: 'move.**', channels: 'port.ship', types: '**' },
        ],
      },
    ],
    [['publisher', 'act-for-others'], { role: 'publisher', actsForOthers: true }],
    [['publisher', 'source:urn:shop'], { role: 'publisher', sources: ['urn:shop'] }],
  ])('of the groups %j are %j', (groups, expected) => {
    const { role, grants, sources, actsForOthers } = read({ ...USER, 'cognito:groups': groups })
    expect({ role, grants, sources, actsForOthers }).toEqual({
      grants: undefined,
      sources: undefined,
      actsForOthers: undefined,
      ...expected,
    })
  })

  test('are narrowed by the claim of grants', () => {
    expect(read({ ...USER, 'tidewire:grants': ' read:port.** read:blog.post ' })).toMatchObject({
      role: 'operator',
      grants: [{ channels: 'port.**' }, { channels: 'blog.post' }],
    })
  })

  test.each([[[]], [['guests']], [undefined], ['operator'], [[7]], [['read:port.**']]])(
    'of the groups %j grant nothing',
    (groups) => {
      expect(() => read({ ...USER, 'cognito:groups': groups })).toThrow(
        expect.objectContaining({ code: 'forbidden' }),
      )
    },
  )

  test.each([
    [{ 'cognito:groups': ['operator', 'read:port..x'] }],
    [{ 'tidewire:grants': 'read:port.** read::' }],
  ])('are refused if a scope is malformed, which would widen them: %j', (claims) => {
    expect(() => read({ ...USER, ...claims })).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })

  test.each([
    ['without an end', { exp: undefined }, /no end/],
    ['with an end that is no number', { exp: '200' }, /no end/],
    ['without its beginning, which revocation needs', { iat: undefined }, /when it was issued/],
    ['that is an ID token', { token_use: 'id' }, /ID token/],
    ['without a use', { token_use: undefined }, /ID token/],
    ['of another app of the same pool', { client_id: 'other' }, /another application/],
    ['without an app', { client_id: undefined }, /another application/],
  ])('are refused %s', (_, claims, text) => {
    expect(() => read({ ...USER, ...claims })).toThrow(
      expect.objectContaining({ code: 'unauthenticated', message: expect.stringMatching(text) }),
    )
  })

  test.each(['key:ci', 'service:billing', 'id:u1'])('cannot name somebody who is no user: %s', (username) => {
    expect(() => read({ ...USER, username })).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })
})

describe('the claims of a service', () => {
  test('say its client, its role, and what it is narrowed to', () => {
    expect(read(SERVICE)).toEqual({
      kind: 'service',
      name: 'service:billing',
      role: 'publisher',
      grants: [{ actions: 'publish', channels: 'port.**', types: '**' }],
      issued: 100_000,
      expires: 200_000,
    })
  })

  test('count scopes of this API only, and no groups', () => {
    const scope = 'tidewire/viewer other/admin admin openid'
    const principal = read({ ...SERVICE, scope, 'cognito:groups': ['admin'], 'tidewire:grants': 'publish' })

    expect(principal).toMatchObject({ role: 'viewer' })
    expect(principal).not.toHaveProperty('grants')
  })

  test.each([
    ['of another API', { scope: 'other/admin' }, 'unauthenticated'],
    ['without scopes', { scope: undefined }, 'unauthenticated'],
    ['without a role', { scope: 'tidewire/read:port.**' }, 'forbidden'],
    ['with a malformed scope', { scope: 'tidewire/viewer tidewire/read:a..b' }, 'forbidden'],
    ['without an end', { exp: undefined }, 'unauthenticated'],
    ['that are of a user after all', { username: 'ada' }, 'unauthenticated'],
    ['whose subject is another one', { sub: 'u1' }, 'unauthenticated'],
  ])('are refused %s', (_, claims, code) => {
    expect(() => read({ ...SERVICE, ...claims })).toThrow(expect.objectContaining({ code }))
  })
})
