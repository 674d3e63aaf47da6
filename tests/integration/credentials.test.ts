import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '#shared/core/access/role.ts'
import { openSocket, type TestSocket } from '../support/open-socket.ts'
import { bearer, callIdentity, PASSWORD, signIn } from '../support/sign-in.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const ADMIN = { 'x-api-key': API_KEY }
const POOL = { UserPoolId: 'local_tidewire' }
const SERVICE = `Basic ${btoa('tidewirelocalservice:local-service-secret')}`
/** Far above the 5 s in which credentials end: a busy machine must not fail the test. */
const WITHIN = { timeout: 60_000 }

type Json = Readonly<Record<string, string>>
type Headers = Readonly<Record<string, string>>

describe('credentials', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  async function call(route: string, headers: Headers, body?: unknown) {
    const [method = '', path = ''] = route.split(' ')
    const response = await fetch(`${stack.httpUrl}${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, json: (await response.json()) as Json }
  }
  const statusOf = async (route: string, headers: Headers) => (await call(route, headers)).status

  /** A user of a name of its own, in groups. */
  async function createUser(name: string, ...groups: readonly string[]): Promise<Headers> {
    await callIdentity(stack, 'AdminCreateUser', { ...POOL, Username: name, MessageAction: 'SUPPRESS' })
    for (const GroupName of groups) {
      await callIdentity(stack, 'CreateGroup', { ...POOL, GroupName })
      await callIdentity(stack, 'AdminAddUserToGroup', { ...POOL, Username: name, GroupName })
    }
    await callIdentity(stack, 'AdminSetUserPassword', {
      ...POOL,
      Username: name,
      Password: PASSWORD,
      Permanent: true,
    })
    return signInAgain(name)
  }
  /** Tokens count seconds, and one that is issued in the second of a revocation is revoked: waits for the next one. */
  async function signInAgain(name: string): Promise<Headers> {
    const second = () => Math.floor(Date.now() / 1000)
    const revoked = second()
    await expect.poll(second, WITHIN).toBeGreaterThan(revoked)
    return bearer(stack, name.replace('@tidewire.local', '') as Role)
  }
  async function openFor(headers: Headers): Promise<TestSocket> {
    const { json } = await call('POST /tickets', headers)
    const socket = await openSocket(stack.socketUrl, `ticket=${json.ticket}`)
    socket.send({ action: 'subscribe', id: 's', channels: ['**'] })
    await socket.next(({ type }) => type === 'subscribed')
    return socket
  }
  /** Pings until the socket is told that its credentials have ended, and waits until it is closed. */
  async function untilEnded(socket: TestSocket): Promise<void> {
    await expect
      .poll(() => {
        if (socket.socket.readyState === WebSocket.OPEN) socket.send({ action: 'ping' })
        return socket.frames.some(({ type, code }) => type === 'error' && code === 'expired')
      }, WITHIN)
      .toBe(true)
    // An event may have ended it before this was called.
    await expect.poll(() => socket.socket.readyState, WITHIN).toBe(WebSocket.CLOSED)
  }

  describe('of people', () => {
    it('end when their user is deleted: over HTTP and on sockets', async () => {
      const headers = await createUser('deleted@tidewire.local', 'admin')
      const socket = await openFor(headers)
      expect(await statusOf('GET /keys', headers)).toBe(200)

      await callIdentity(stack, 'AdminDeleteUser', { ...POOL, Username: 'deleted@tidewire.local' })

      await expect.poll(() => statusOf('GET /keys', headers), WITHIN).toBe(401)
      await expect
        .poll(async () => (await call('GET /events', headers)).json.detail, WITHIN)
        .toContain('revoked')
      await untilEnded(socket)
    })

    it('end when their user leaves a group, and new ones have the role that is left', async () => {
      const name = 'demoted@tidewire.local'
      const headers = await createUser(name, 'viewer', 'admin')
      const socket = await openFor(headers)

      await callIdentity(stack, 'AdminRemoveUserFromGroup', { ...POOL, Username: name, GroupName: 'admin' })

      await expect.poll(() => statusOf('GET /keys', headers), WITHIN).toBe(401)
      await untilEnded(socket)
      const again = await signInAgain(name)
      expect((await call('GET /users/me', again)).json).toMatchObject({ name, role: 'viewer' })
      expect(await statusOf('GET /keys', again)).toBe(403)
    })

    it('end when they sign out everywhere', async () => {
      const headers = await createUser('out@tidewire.local', 'viewer')
      const other = await signIn(stack, 'out' as Role)
      const socket = await openFor(headers)

      expect(await statusOf('DELETE /session', headers)).toBe(200)

      const elsewhere = { authorization: `Bearer ${other.AccessToken}` }
      await expect.poll(() => statusOf('GET /events', elsewhere), WITHIN).toBe(401)
      await untilEnded(socket)
      await signInAgain('out@tidewire.local')
    })

    it('end when an admin ends them', async () => {
      const headers = await createUser('revoked@tidewire.local', 'operator')

      expect(await statusOf('POST /users/revoked%40tidewire.local/revoke', ADMIN)).toBe(200)

      await expect.poll(() => statusOf('GET /events', headers), WITHIN).toBe(401)
    })

    it('are narrowed by groups that are scopes', async () => {
      const headers = await createUser('narrow@tidewire.local', 'publisher', 'read:port.**', 'finance')

      expect((await call('GET /users/me', headers)).json).toMatchObject({
        role: 'publisher',
        grants: ['read:port.**'],
      })
      expect(await statusOf('GET /events?channel=port.**', headers)).toBe(200)
      expect(await statusOf('GET /events?channel=blog.post', headers)).toBe(403)
      expect((await call('POST /events', headers, { type: 'test.narrow' })).status).toBe(403)
    })
  })

  describe('of services', () => {
    const getToken = async (scope: string, authorization = SERVICE) => {
      const config = await fetch(`${stack.webUrl}/config.json`)
      const { identity } = (await config.json()) as { identity: { endpoint: string } }
      const response = await fetch(`${identity.endpoint}/oauth2/token`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
      })
      return { status: response.status, json: (await response.json()) as Json }
    }
    const asService = async (scope: string) => ({
      authorization: `Bearer ${(await getToken(scope)).json.access_token}`,
    })

    it('write what their scopes say, and nothing else', async () => {
      const headers = await asService('tidewire/publisher tidewire/publish:service.**')
      const { status, json } = await call('POST /events', headers, {
        type: 'service.done',
        category: 'service.jobs',
      })

      expect([status, json.topic]).toEqual([202, 'events'])
      expect((await call('POST /events', headers, { type: 'other.done' })).status).toBe(403)
      expect(await statusOf('GET /events', headers)).toBe(403)
      expect((await call('GET /users/me', headers)).json).toMatchObject({
        kind: 'service',
        name: 'service:tidewirelocalservice',
        grants: ['publish:service.**'],
      })
    })

    it.each([
      ['tidewire/publish:service.**', 403],
      ['tidewire/viewer tidewire/read:a..b', 403],
    ])('with the scopes %s are refused', async (scope, status) => {
      expect(await statusOf('GET /events', await asService(scope))).toBe(status)
    })

    it('are given for the right secret and the scopes of this API only', async () => {
      expect(await getToken('tidewire/viewer', `Basic ${btoa('tidewirelocalservice:guess')}`)).toEqual({
        status: 400,
        json: { error: 'invalid_client' },
      })
      expect((await getToken('openid')).json).toEqual({ error: 'invalid_scope' })
    })
  })

  describe('of keys', () => {
    it('end within seconds of the revocation, as a header, a bearer token and on sockets', async () => {
      const { status, json } = await call('POST /keys', ADMIN, { id: 'short', role: 'viewer' })
      expect(status).toBe(201)
      const headers = { 'x-api-key': json.secret ?? '' }
      const socket = await openFor(headers)
      expect(await statusOf('GET /events', { authorization: `Bearer ${json.secret}` })).toBe(200)

      expect(await statusOf('DELETE /keys/short', ADMIN)).toBe(200)

      await expect.poll(() => statusOf('GET /events', headers), WITHIN).toBe(401)
      expect(await statusOf('GET /events', { authorization: `Bearer ${json.secret}` })).toBe(401)
      await untilEnded(socket)
    })

    it('own their sources', async () => {
      const { json } = await call('POST /keys', ADMIN, {
        id: 'shop',
        role: 'publisher',
        scopes: ['publish', 'source:urn:shop:orders'],
      })
      const event = { type: 'shop.order', source: 'urn:shop:orders' }

      expect((await call('POST /events', { 'x-api-key': json.secret ?? '' }, event)).status).toBe(202)
      expect((await call('POST /events', { 'x-api-key': 'local-publisher-key' }, event)).status).toBe(403)
      expect(
        await call('POST /keys', ADMIN, {
          id: 'thief',
          role: 'publisher',
          scopes: ['source:urn:shop:orders'],
        }),
      ).toMatchObject({ status: 409, json: { detail: expect.stringContaining('"shop"') } })
    })
  })

  it('of the local stack are seeded, one key for each role', async () => {
    for (const [key, role, name] of [
      ['local-dev-key', 'admin', 'key:local-dev'],
      ['local-operator-key', 'operator', 'key:local-operator'],
      ['local-publisher-key', 'publisher', 'key:local-publisher'],
      ['local-viewer-key', 'viewer', 'key:local-viewer'],
    ])
      expect((await call('GET /users/me', { 'x-api-key': key ?? '' })).json).toMatchObject({
        name,
        role,
      })
  })
})
