import { describe, expect, test } from 'vitest'
import type { Principal } from '#shared/core/access/principal.ts'
import { createDirectory } from '#shared/pipeline/people/directory.ts'
import { callHttp, identifyByRole, keyOf } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryKeyStore } from '#shared/testing/memory/memory-key-store.ts'
import { memoryPeople } from '#shared/testing/memory/memory-people.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { composeAccounts, createAccounts } from './accounts.ts'
import { readEnvironment } from './lib/environment.ts'

const NOW = Date.parse('2026-03-01T08:00:00Z')
const ADA = makePrincipal({ name: 'ada', role: 'operator', expires: NOW + 60_000 })
const PEOPLE = [
  { name: 'bob@example.com', role: 'viewer' },
  { name: 'ada@example.com', role: 'admin' },
] as const
const CI = { id: 'ci', role: 'publisher', scopes: ['publish:port.**'] }

function createWorld(user: Principal = ADA) {
  const audit = memoryAudit()
  const slept: number[] = []
  const revocations = memoryRevocationStore(() => NOW)
  const people = memoryPeople(PEOPLE)
  const accounts = createAccounts({
    ...composeAccounts(readEnvironment(process.env)),
    identify: { ...identifyByRole, byToken: async () => user },
    keys: memoryKeyStore(),
    revocations,
    audit,
    directory: createDirectory(people, { now: () => NOW }),
    now: () => NOW,
    sleep: async (ms) => void slept.push(ms),
  })
  const call = (
    route: string,
    headers: Readonly<Record<string, string>> = keyOf('admin'),
    body?: unknown,
  ) => {
    const [method = '', url = ''] = route.split(' ')
    const [path = '', search] = url.split('?')
    const query = Object.fromEntries(new URLSearchParams(search))
    return callHttp(accounts, makeHttpEvent(method, path, { headers, body, query }))
  }
  return { slept, call, audit, revocations, people }
}
const TOKEN = { authorization: 'Bearer a.b.c' }

describe('API keys', () => {
  test('are created, listed, rotated and revoked by an admin, and each is in the audit trail', async () => {
    const { call, audit } = createWorld()

    const created = await call('POST /keys', keyOf('admin'), CI)
    expect(created).toMatchObject({ status: 201, body: { ...CI, name: 'key:ci', createdBy: 'key:admin' } })
    const rotated = await call('POST /keys/ci/rotate', keyOf('admin'), { graceSeconds: 0 })
    expect(rotated).toMatchObject({ status: 200, body: { id: 'ci' } })
    expect(await call('DELETE /keys/ci')).toMatchObject({
      status: 200,
      body: { id: 'ci', revoked: '2026-03-01T08:00:00.000Z' },
    })
    const listed = await call('GET /keys')
    expect(listed).toMatchObject({ status: 200, body: { keys: [{ id: 'ci' }] } })

    const { secret } = created.body as { secret: string }
    expect(JSON.stringify([listed.body, audit.entries])).not.toContain(secret)
    expect(audit.entries.map(({ action, target }) => [action, target])).toEqual([
      ['key.created', 'key:ci'],
      ['key.rotated', 'key:ci'],
      ['key.revoked', 'key:ci'],
    ])
  })

  test.each(['GET /keys', 'POST /keys', 'POST /keys/ci/rotate', 'DELETE /keys/ci', 'POST /users/ada/revoke'])(
    'are an admin’s: %s',
    async (route) => {
      const { call } = createWorld()

      expect(await call(route, {})).toMatchObject({ status: 401 })
      expect(await call(route, keyOf('operator'))).toMatchObject({ status: 403 })
    },
  )

  test.each([
    ['POST /keys', { id: 'X' }, 422],
    ['POST /keys', undefined, 422],
    ['POST /keys/none/rotate', undefined, 404],
    ['DELETE /keys/none', undefined, 404],
  ])('%s %j is %d', async (route, body, status) => {
    expect(await createWorld().call(route, keyOf('admin'), body)).toMatchObject({ status })
  })
})

describe('sessions', () => {
  test('end for their own user, whose credentials until now are refused', async () => {
    const { call, audit, revocations, slept } = createWorld()

    expect(await call('DELETE /session', TOKEN)).toMatchObject({
      status: 200,
      body: { name: 'ada', since: '2026-03-01T08:00:00.000Z' },
    })
    expect(await revocations.since('ada')).toBe(NOW)
    // A token that is issued after the response is of a later second, and good.
    expect(slept).toEqual([1000])
    expect(audit.entries).toMatchObject([{ action: 'session.ended', target: 'ada' }])
  })

  test('are not those of a key', async () => {
    const { call, revocations } = createWorld()

    expect(await call('DELETE /session', keyOf('viewer'))).toMatchObject({ status: 403 })
    expect(await revocations.since('key:viewer')).toBeNull()
  })

  test('of others end by an admin', async () => {
    const { call, revocations, people } = createWorld()

    expect(await call('POST /users/bob@example.com/revoke')).toMatchObject({
      status: 200,
      body: { name: 'bob@example.com' },
    })
    expect(await revocations.since('bob@example.com')).toBe(NOW)
    expect(people.signedOut).toEqual(['bob@example.com'])
  })

  test('of others end as far as they can if the user pool cannot be asked, and the response says so', async () => {
    const { call, revocations, people, audit } = createWorld()
    people.signOut = () => Promise.reject(new Error('too many requests'))

    expect(await call('POST /users/bob@example.com/revoke')).toMatchObject({ status: 503 })
    expect(await revocations.since('bob@example.com')).toBe(NOW)
    expect(audit.entries).toMatchObject([{ action: 'user.revoked', target: 'bob@example.com' }])
  })
})

describe('people', () => {
  test('are listed and searched by operators, sorted by name', async () => {
    const { call } = createWorld()
    const [ada, bob] = [PEOPLE[1], PEOPLE[0]]

    expect(await call('GET /users', keyOf('operator'))).toMatchObject({
      status: 200,
      body: { users: [ada, bob] },
    })
    expect((await call('GET /users?q=BOB', keyOf('admin'))).body).toEqual({ users: [bob] })
    expect((await call('GET /users?limit=1', keyOf('admin'))).body).toEqual({ users: [ada] })
    expect(await call('GET /users?limit=101', keyOf('admin'))).toMatchObject({ status: 400 })
  })

  test.each([
    ['viewer', 403],
    ['publisher', 403],
  ] as const)('are not shown to a %s', async (role, status) => {
    const { call } = createWorld()

    expect(await call('GET /users', {})).toMatchObject({ status: 401 })
    expect(await call('GET /users', keyOf(role))).toMatchObject({ status })
  })
})

test('GET /users/me says whose credentials they are, and what they may do', async () => {
  const { call } = createWorld({
    ...ADA,
    grants: [{ actions: 'read', channels: 'port.**', types: '**' }],
  })

  const { status, body } = await call('GET /users/me', TOKEN)

  expect(status).toBe(200)
  expect(body).toEqual({
    name: 'ada',
    kind: 'user',
    role: 'operator',
    grants: ['read:port.**'],
    expires: '2026-03-01T08:01:00.000Z',
    actions: ['read', 'tickets.create', 'users.me', 'session.end'],
  })
})
