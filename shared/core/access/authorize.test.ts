import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { channelProblem, userSegment } from '#shared/core/channel.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { assertMay, may, mayPublish, mayRead, mayReadAll, mayReadSome } from './authorize.ts'
import { parseScopes } from './grants.ts'
import { isUserName, keyName, serviceName } from './principal.ts'
import { ROLES } from './role.ts'

const ada = makePrincipal({ name: 'ada@example.org' })
const OWN = `market.user.${userSegment('ada@example.org')}`
const granted = (...scopes: string[]) => ({ ...ada, ...parseScopes(scopes) })

describe('a channel of a user', () => {
  test('is read by its owner and by admins', () => {
    expect(mayRead(ada, OWN, 'market.order.filled')).toBe(true)
    expect(mayRead(makePrincipal({ role: 'admin' }), OWN, 'x')).toBe(true)
    for (const role of ['viewer', 'publisher', 'operator'] as const)
      expect(mayRead(makePrincipal({ name: 'bob', role }), OWN, 'market.order.filled')).toBe(false)
  })

  test('is written by its owner only, with the types of a user', () => {
    expect(mayPublish(ada, OWN, 'market.order.placed')).toBe(true)
    expect(mayPublish(ada, OWN, 'market.order.matched')).toBe(false)
    for (const role of ROLES)
      expect(mayPublish(makePrincipal({ name: 'bob', role }), OWN, 'market.order.placed')).toBe(false)
    expect(mayPublish(makePrincipal({ name: 'bob', actsForOthers: true }), OWN, 'market.order.placed')).toBe(
      true,
    )
  })

  test('can be subscribed to by nobody else, but a wildcard can', () => {
    expect(mayReadSome(ada, OWN)).toBe(true)
    expect(mayReadSome(ada, 'market.user.*')).toBe(true)
    expect(mayReadSome(ada, 'market.user.bob')).toBe(false)
    expect(mayReadSome(ada, 'market.user.bob.**')).toBe(false)
    expect(mayReadSome(ada, 'market.**')).toBe(true)
    expect(mayReadSome(ada, 'market.order.ACME')).toBe(false)
  })

  test('belongs to nobody whose name does not fit into a channel', () => {
    expect(mayRead(makePrincipal({ name: 'x'.repeat(100) }), 'market.user.~', 'x')).toBe(false)
  })
})

test('a whole view is read only by who may read each of its channels', () => {
  expect(mayReadAll(ada, 'port.**')).toBe(true)
  expect(mayReadAll(ada, OWN)).toBe(true)
  expect(mayReadAll(ada, 'market.user.*')).toBe(false)
  expect(mayReadAll(ada, '**')).toBe(false)
  expect(mayReadAll(makePrincipal({ role: 'admin' }), '**')).toBe(true)
  expect(mayReadAll(granted('read:port.container.**'), 'port.**')).toBe(false)
  expect(mayReadAll(granted('read:port.**'), 'port.container')).toBe(true)
})

describe('grants', () => {
  test('narrow a role to actions, channels and types', () => {
    const narrow = granted('viewer', 'read:port.**:port.ship.*')
    expect(mayRead(narrow, 'port.ship', 'port.ship.arrived')).toBe(true)
    expect(mayRead(narrow, 'port.ship', 'port.notice')).toBe(false)
    expect(mayRead(narrow, 'sensor.reading', 'port.ship.arrived')).toBe(false)
    expect(may(narrow, 'export')).toBe(false)
    expect(() => assertMay(narrow, 'export')).toThrow('not granted "export"')
  })

  test('never give more than the role has', () => {
    expect(() => assertMay(granted('keys.create'), 'keys.create')).toThrow('that takes the role admin')
    expect(mayRead(granted('read:market.user.bob'), 'market.user.bob', 'x')).toBe(false)
  })

  test('that are no scopes are refused with what a scope is', () => {
    for (const scope of ['', 'read:', 'read:a..b', 'read:a:b:c', 'source:', 'source:%'])
      expect(() => parseScopes([scope])).toThrow(/scope/)
  })
})

test('what may be read at all can be subscribed to, and what may be read as a whole in each part', () => {
  const segment = fc.constantFrom('market', 'user', 'ada', 'bob', 'order', 'port', 'tidewire', 'audit', '*')
  const patterns = fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([segments, isOpen]) => (isOpen ? [...segments, '**'] : segments).join('.'))
    .filter((pattern) => channelProblem(pattern, { patterns: true }) === null)
  const channels = fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join('.').replaceAll('*', 'x'))
  const scope = patterns.map((pattern) => `read:${pattern}`)
  fc.assert(
    fc.property(
      fc.constantFrom(...ROLES),
      fc.option(fc.array(scope, { minLength: 1, maxLength: 3 }), { nil: undefined }),
      channels,
      (role, scopes, channel) => {
        const subject = makePrincipal({ role, ...(scopes && parseScopes(scopes)) })
        const isRead = mayRead(subject, channel, 'x')
        if (isRead) expect(mayReadSome(subject, channel)).toBe(true)
        if (mayReadAll(subject, channel)) expect(isRead).toBe(true)
        if (isRead && !scopes) expect(mayReadAll(subject, channel)).toBe(true)
      },
    ),
  )
})

test('names of users, services and keys cannot collide', () => {
  expect(isUserName('ada@example.org')).toBe(true)
  for (const name of ['', keyName('k'), serviceName('s')]) expect(isUserName(name)).toBe(false)
})
