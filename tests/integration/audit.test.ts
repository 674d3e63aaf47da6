import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Role } from '#shared/core/access/role.ts'
import type { AuditData } from '#shared/domain/audit-events.ts'
import { type Positioned, publish } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { addressOf, initiateAuth, signIn } from '../support/sign-in.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

type Entry = Positioned & { readonly event: { readonly traceparent?: string; readonly data: AuditData } }

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`
const ROLES = ['viewer', 'publisher', 'operator', 'admin'] as const

let stack: TestStack
let tokens: Readonly<Record<Role, string>>
beforeAll(async () => {
  stack = await startStack()
  const signedIn = await Promise.all(
    ROLES.map(async (role) => [role, (await signIn(stack, role)).AccessToken]),
  )
  tokens = Object.fromEntries(signedIn)
})
afterAll(() => stack?.dispose())

function send(route: string, headers: Readonly<Record<string, string>>, body?: object): Promise<Response> {
  const [method = '', path = ''] = route.split(' ')
  return fetch(`${stack.httpUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json', traceparent: TRACEPARENT, ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
}

function call(route: string, role: Role, body?: object): Promise<Response> {
  return send(route, { authorization: `Bearer ${tokens[role]}` }, body)
}

async function read(query: string): Promise<readonly Entry[]> {
  const response = await call(`GET /audit?${query}`, 'admin')
  expect(response.status).toBe(200)
  return ((await response.json()) as { events: Entry[] }).events
}

function actor(role: Role) {
  return { kind: 'user', name: addressOf(role), role }
}

/** Of the trace of the request, in a span of its own. */
const OF_THE_TRACE = expect.stringMatching(new RegExp(`^${TRACEPARENT.slice(0, 36)}[0-9a-f]{16}-01$`))
const ORIGIN = { address: expect.stringMatching(/127\.0\.0\.1|::1/), requestId: expect.any(String) }

it('a refused write, an export, a deletion and a wrong key each leave one entry', async () => {
  const event = { type: 'port.ship.arrived', id: 'audited-1', source: '/tests', data: { shipId: 's1' } }
  await publish(stack.httpUrl, event)
  await expect.poll(async () => (await call('GET /events/audited-1', 'admin')).status).toBe(200)

  expect((await call('POST /events', 'viewer', event)).status).toBe(403)
  expect((await call('GET /events.csv?channel=port.*', 'viewer')).status).toBe(200)
  expect((await call('DELETE /events/audited-1', 'admin')).status).toBe(202)
  expect((await send('GET /events', { 'x-api-key': 'a-wrong-key' })).status).toBe(401)

  await expect.poll(async () => (await read('')).length).toBe(4)
  const entries = Object.fromEntries((await read('')).map(({ event: entry }) => [entry.data.action, entry]))
  expect(entries.refused).toMatchObject({
    type: 'tidewire.audit.refused',
    subject: addressOf('viewer'),
    traceparent: OF_THE_TRACE,
    data: { ...ORIGIN, outcome: 'refused', principal: actor('viewer'), target: 'POST /events' },
  })
  expect(entries['events.exported']).toMatchObject({
    traceparent: OF_THE_TRACE,
    data: { ...ORIGIN, outcome: 'done', principal: actor('viewer'), details: { query: 'channel=port.*' } },
  })
  expect(entries['event.deleted']).toMatchObject({
    traceparent: OF_THE_TRACE,
    data: { ...ORIGIN, outcome: 'done', principal: actor('admin'), target: 'audited-1' },
  })
  expect(entries['credentials.refused']).toMatchObject({
    traceparent: OF_THE_TRACE,
    data: { ...ORIGIN, outcome: 'refused', target: 'GET /events' },
  })
  expect(entries['credentials.refused']?.data).not.toHaveProperty('principal')
})

it('a sign-in with a wrong password leaves one entry, without the password and the name', async () => {
  const wrong = { USERNAME: addressOf('viewer'), PASSWORD: 'not-the-password' }
  expect((await initiateAuth(stack, 'USER_PASSWORD_AUTH', wrong)).status).toBe(400)

  await expect.poll(async () => (await read('action=sign-in.refused')).length).toBe(1)
  const [{ event } = {}] = await read('action=sign-in.refused')
  expect(event?.data).toMatchObject({
    outcome: 'refused',
    target: 'InitiateAuth',
    reason: 'Incorrect username or password.',
    address: ORIGIN.address,
  })
  expect(JSON.stringify(event)).not.toMatch(/not-the-password|viewer/)
})

it('has no credential in it', async () => {
  const secrets = [API_KEY, 'a-wrong-key', ...Object.values(tokens)]
  const [header = '', payload = ''] = tokens.viewer.split('.')
  await send('GET /events', { authorization: `Bearer ${header}.${payload}.c2lnbmF0dXJl` })
  await expect.poll(async () => (await read('action=credentials.refused')).length).toBeGreaterThan(0)

  const all = JSON.stringify(await read('limit=500'))

  for (const secret of [...secrets, payload]) expect(all).not.toContain(secret)
})

it('is shown live to administrators, and is read by nobody else', async () => {
  const admin = await openSocket(stack.socketUrl)
  admin.send({ action: 'subscribe', id: 's1', channels: ['tidewire.audit.**'] })
  await admin.next(({ type }) => type === 'subscribed')

  expect((await call('GET /audit', 'operator')).status).toBe(403)

  const isRefusal = (entry: Positioned) => entry.event.subject === addressOf('operator')
  const frame = await admin.next(
    ({ type, events }) => type === 'events' && (events as Positioned[]).some(isRefusal),
  )
  expect((frame.events as Entry[]).find(isRefusal)?.event).toMatchObject({
    type: 'tidewire.audit.refused',
    data: { principal: actor('operator'), target: 'GET /audit' },
  })
  await admin.close()
})

it('a flood of refusals leaves few entries', async () => {
  const refusedTo = `action=refused&principal=${addressOf('publisher')}&limit=500`
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) => call(`GET /dead-letters?limit=${n + 1}`, 'publisher')),
  )
  expect(answers.filter(({ ok }) => ok)).toEqual([])

  await expect.poll(async () => (await read(refusedTo)).length).toBeGreaterThan(0)

  expect((await read(refusedTo)).length).toBeLessThan(20)
})

it('does not count in the statistics, nor appear in lists that do not name it', async () => {
  const list = async (query: string) => {
    const { events } = (await (await call(`GET /events?${query}`, 'admin')).json()) as { events: Entry[] }
    return events.map(({ event }) => event.type).filter((type) => type.startsWith('tidewire.audit.'))
  }

  expect(await list('limit=500')).toEqual([])
  expect((await list('channel=tidewire.audit.**&limit=500')).length).toBeGreaterThan(3)
  const stats = (await (await call('GET /stats', 'admin')).json()) as { categories: { name: string }[] }
  expect(stats.categories.filter(({ name }) => name.startsWith('tidewire.'))).toEqual([])
})

it('cannot be written by anybody', async () => {
  const forged = { type: 'tidewire.audit.refused', id: 'forged', source: '/tests', data: {} }

  for (const role of ROLES) {
    const { status } = await call('POST /events', role, forged)
    expect([403, 422], role).toContain(status)
  }
})
