import { describe, expect, test } from 'vitest'
import type { AuditedAction } from '#shared/core/audit.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { auditEvent } from '#shared/pipeline/audit/write-audit.ts'
import { redeemTicket } from '#shared/pipeline/sockets/tickets.ts'
import { addEvent } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makeLetter } from '#shared/testing/dead-letters/letters.ts'
import { callHttp, identifyByRole, keyOf } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { recordingGateway } from '#shared/testing/functions/recording-gateway.ts'
import { stepClock } from '#shared/testing/functions/step-clock.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryReportStore } from '#shared/testing/memory/memory-report-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { memoryTelemetry } from '#shared/testing/memory/memory-telemetry.ts'
import { memoryTicketStore } from '#shared/testing/memory/memory-ticket-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeRead, createRead } from './read.ts'

const NOW = Date.parse('2026-03-01T08:00:00Z')
const DAY = 86_400
const PLACE = { topic: 'events', partition: 0, offset: 0 }

async function createWorld(settings: { readonly LONG_POLL?: string; readonly RETENTION?: string } = {}) {
  const store = memoryEventStore()
  const claims = memoryClaimStore()
  const viewStore = memoryViewStore()
  const clock = stepClock(NOW)
  const tickets = memoryTicketStore(clock.now)
  const subscriptions = memorySubscriptionStore()
  const audit = memoryAudit()
  const deadLetters = memoryDeadLetterStore()
  const { gateway, posts, closed } = recordingGateway()
  const telemetry = memoryTelemetry()
  const reports = memoryReportStore(clock.now)
  const read = createRead({
    ...composeRead(readEnvironment({ ...process.env, ...settings })),
    identify: identifyByRole,
    store,
    claims,
    tickets,
    subscriptions,
    gateway,
    reports,
    viewStore,
    deadLetters,
    clock,
    audit,
    telemetry,
  })
  const event = makeEvent('e1', { category: 'tests.a' })
  await addEvent(store, makeStored(PLACE, event))
  await claims.claim(event, PLACE)
  const { epoch } = await store.topic('events')
  await viewStore.save([{ ...PLACE, view: 'port/cases', key: 'e1', epoch, state: null }])
  await subscriptions.connect('c1', makePrincipal({ name: 'viewer', role: 'viewer' }))
  const call = (
    route: string,
    headers: Readonly<Record<string, string>> = {},
    body?: unknown,
    remainingMs?: number,
  ) => {
    const [method = '', address = ''] = route.split(' ')
    const { pathname, searchParams } = new URL(address, 'http://tests')
    const query = Object.fromEntries(searchParams)
    return callHttp(read, makeHttpEvent(method, pathname, { headers, query, body }), remainingMs)
  }
  const addCase = async (id: string, source: string, offset: number) => {
    const own = makeEvent(id, { source, type: 'port.notice', category: 'port.port' })
    const place = { topic: 'port-events', partition: 0, offset }
    await addEvent(store, makeStored(place, own))
    await claims.claim(own, place)
    const key = `${id}@${encodeURIComponent(source)}`
    await viewStore.save([{ ...place, view: 'port/cases', key, epoch, state: { id, source } }])
  }
  const addAudit = async (action: AuditedAction, name: string) => {
    const { heads } = await store.topic('tidewire-audit')
    const place = { topic: 'tidewire-audit', partition: 0, offset: (heads.get(0)?.offset ?? -1) + 1 }
    const principal = { kind: 'user', name, role: 'viewer' } as const
    const record = { id: `${place.offset}`, time: new Date(NOW).toISOString(), action, principal, caller: {} }
    await addEvent(store, makeStored(place, auditEvent(record)))
  }
  return {
    call,
    tickets,
    clock,
    audit,
    addAudit,
    addCase,
    deadLetters,
    subscriptions,
    reports,
    posts,
    closed,
    telemetry,
  }
}

test.each(['GET /openapi.json', 'GET /asyncapi.json'])(
  '%s needs no credentials, and may be cached for a minute',
  async (route) => {
    const { call } = await createWorld()

    expect(await call(route)).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'public, max-age=60' },
      body: { info: { title: 'Tidewire' } },
    })
  },
)

test.each([
  ['GET /events', 200],
  ['GET /events.csv', 200],
  ['GET /events/since', 200],
  ['GET /events/e1', 200],
  ['GET /stats', 200],
  ['GET /views/port/cases', 200],
  ['GET /views/port/cases/e1', 200],
  ['GET /dead-letters', 200],
  ['GET /audit', 200],
  ['GET /connections', 200],
  ['GET /telemetry', 200],
  ['DELETE /connections/c1', 202],
  ['POST /tickets', 201],
  ['GET /catalog', 200],
])('%s needs credentials, and is not cached', async (route, status) => {
  const { call } = await createWorld()
  const uncached = { 'cache-control': 'no-store' }

  expect(await call(route)).toMatchObject({
    status: 401,
    headers: { ...uncached, 'www-authenticate': 'Bearer, ApiKey header="x-api-key"' },
  })
  expect(await call(route, keyOf('admin'))).toMatchObject({ status, headers: uncached })
})

describe('a request with credentials', () => {
  test('reads the stored events', async () => {
    const { call } = await createWorld()

    expect(await call('GET /events', keyOf('viewer'))).toMatchObject({
      body: { events: [{ ...PLACE, event: { id: 'e1' } }] },
    })
  })

  test('reads the event that the path names, once for each entity tag', async () => {
    const { call } = await createWorld()
    const { headers, body } = await call('GET /events/e1', keyOf('viewer'))

    expect(body).toMatchObject({ ...PLACE, event: { id: 'e1' } })
    const tag = { 'if-none-match': String(headers.etag) }
    expect(await call('GET /events/e1', { ...keyOf('viewer'), ...tag })).toMatchObject({
      status: 304,
      headers: { etag: headers.etag },
      body: undefined,
    })
    expect((await call('GET /events/e2', keyOf('viewer'))).status).toBe(404)
  })

  test('reads a case by its key, or by the id of its event as GET /events/{id} does', async () => {
    const { call, addCase } = await createWorld()
    await addCase('twin', '/vic', 1)
    await addCase('twin', '/eve', 2)
    const read = async (key: string) => (await call(`GET /views/port/cases/${key}`, keyOf('viewer'))).body

    expect(await read('twin@%2Fvic')).toMatchObject({ state: { source: '/vic' } })
    expect(await read('twin@%2Feve')).toMatchObject({ state: { source: '/eve' } })
    expect(await read('twin')).toMatchObject({ state: { source: '/eve' } })
    expect(await read('other')).toMatchObject({ status: 404 })
  })

  test.each([
    // The invocation of a test ends after 10 s, of which 3 are kept back.
    ['as long as the invocation has time', {}, '20', 7000],
    ['as long as it asks for', {}, '2', 2000],
    ['as long as the stage allows', { LONG_POLL: '1' }, '20', 1000],
    ['not at all where that is switched off', { LONG_POLL: '0' }, '20', 0],
  ])('is held while there is no event, %s', async (_, settings, wait, heldMs) => {
    const { call, clock } = await createWorld(settings)
    const { body } = await call('GET /events/since', keyOf('viewer'))

    const held = await call(`GET /events/since?cursor=${body.cursor}&wait=${wait}`, keyOf('viewer'))

    expect(held).toMatchObject({ status: 200, body: { events: [], cursor: body.cursor } })
    expect(clock.now() - NOW).toBe(heldMs)
  })

  test('begins at a time whose "+" was sent as it is', async () => {
    const { call } = await createWorld()
    const since = (time: string) => call(`GET /events/since?cursor=${time}`, keyOf('viewer'))

    const read = await since('1970-01-01T01:00:00+01:00')

    expect(read).toEqual(await since('1970-01-01T01:00:00%2B01:00'))
    expect(read.status).toBe(200)
  })

  test('is not held for longer than 20 s, nor for what is no number', async () => {
    const { call } = await createWorld()

    for (const wait of ['21', 'soon', '-1', ''])
      expect(await call(`GET /events/since?wait=${wait}`, keyOf('viewer'))).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/wait' }] },
      })
  })

  test('reads how many connections there are', async () => {
    const { call } = await createWorld()

    expect(await call('GET /stats', keyOf('viewer'))).toMatchObject({
      body: { connections: 1, time: '2026-03-01T08:00:00.000Z' },
    })
  })

  test('gets a ticket for a socket of its own principal', async () => {
    const { call, tickets } = await createWorld()

    const { status, body } = await call('POST /tickets', keyOf('operator'))

    expect(status).toBe(201)
    expect(body).toEqual({ ticket: expect.any(String), expires: '2026-03-01T08:00:30.000Z' })
    expect(await redeemTicket(body.ticket, { tickets })).toEqual(
      makePrincipal({ kind: 'key', name: 'key:operator', role: 'operator' }),
    )
  })
})

describe('what no route takes', () => {
  test('is 404 for a path that does not exist', async () => {
    const { call } = await createWorld()

    expect((await call('GET /nowhere', keyOf('viewer'))).status).toBe(404)
  })

  test.each([
    ['DELETE /events', 'GET, POST, HEAD'],
    ['GET /tickets', 'POST'],
  ])('is 405 with the methods of the path: %s', async (route, allow) => {
    const { call } = await createWorld()

    expect(await call(route)).toMatchObject({ status: 405, headers: { allow } })
  })

  test('is 204 for a preflight, without credentials', async () => {
    const { call } = await createWorld()

    expect((await call('OPTIONS /events')).status).toBe(204)
  })
})

test('GET /catalog reports how long this deployment keeps what, and no view is kept for less than its events', async () => {
  const { call } = await createWorld({ RETENTION: '30d,market-ticks=2d,container-events=120d' })

  expect(await call('GET /catalog', keyOf('viewer'))).toMatchObject({
    status: 200,
    body: {
      retention: {
        topics: { events: 30 * DAY, 'market-ticks': 2 * DAY, 'container-events': 120 * DAY },
        views: { 'port/cases': 120 * DAY },
        claims: 120 * DAY + 7200,
      },
    },
  })
})

test('a function that reads views does not start with a retention that names what no domain has', () => {
  const env = readEnvironment({ ...process.env, RETENTION: '7d,market-tick=2d' })

  expect(() => composeRead(env)).toThrow('market-tick is no topic; there are blog-events, ')
})

describe('the audit trail', () => {
  const actor = { kind: 'key', name: 'key:viewer', role: 'viewer' }
  const caller = { address: '203.0.113.7', requestId: 'request-1', trace: expect.stringMatching(/^00-/) }

  test('has what was refused to whom, and from where', async () => {
    const { call, audit } = await createWorld()

    await call('GET /dead-letters', keyOf('viewer'))

    expect(audit.entries).toEqual([
      {
        action: 'refused',
        principal: actor,
        caller,
        target: 'GET /dead-letters',
        reason: expect.stringContaining('may not do "dead-letters.read"'),
        group: 'GET dead-letters',
      },
    ])
  })

  test('has refused credentials without them, and nothing of requests that have none', async () => {
    const { call, audit } = await createWorld()

    await call('GET /events')
    await call('GET /events', { 'x-api-key': 'a-wrong-key' })

    expect(audit.entries).toMatchObject([{ action: 'credentials.refused', caller, target: 'GET /events' }])
    expect(JSON.stringify(audit.entries)).not.toContain('a-wrong-key')
  })

  test('has who took which events out', async () => {
    const { call, audit } = await createWorld()

    await call('GET /events.csv?channel=tests.*', keyOf('viewer'))

    expect(audit.entries).toMatchObject([
      { action: 'events.exported', principal: actor, details: { events: 1, query: 'channel=tests.*' } },
    ])
  })

  test('has who read one dead letter, and not who looked where there is none', async () => {
    const { call, audit, deadLetters } = await createWorld()
    await deadLetters.put(makeLetter({ topic: 'events', offset: 7 }))

    const missing = await call('GET /dead-letters/events/1/7', keyOf('admin'))
    const found = await call('GET /dead-letters/events/0/7', keyOf('admin'))

    expect(missing.status).toBe(404)
    expect(found.body).toMatchObject({ topic: 'events', offset: 7, event: null })
    expect(audit.entries).toMatchObject([{ action: 'dead-letters.read', details: { letters: 1 } }])
  })

  test('has who read the dead letters', async () => {
    const { call, audit } = await createWorld()

    await call('GET /dead-letters', keyOf('admin'))

    expect(audit.entries).toMatchObject([
      { action: 'dead-letters.read', principal: { name: 'key:admin' }, details: { letters: 0 } },
    ])
  })

  test('is read newest first, by principal, action and outcome', async () => {
    const { call, addAudit } = await createWorld()
    await addAudit('key.created', 'ada')
    await addAudit('refused', 'bob')
    const read = async (query: string) => {
      const { body } = await call(`GET /audit${query}`, keyOf('admin'))
      return body.events.map(({ event }: { event: CloudEvent }) => `${event.subject} ${event.type}`)
    }
    const [created, refused] = ['ada tidewire.audit.key.created', 'bob tidewire.audit.refused']

    expect(await read('')).toEqual([refused, created])
    expect(await read('?principal=ada')).toEqual([created])
    expect(await read('?action=key.*')).toEqual([created])
    expect(await read('?outcome=refused')).toEqual([refused])
  })

  test.each(['viewer', 'publisher', 'operator'] as const)('is not for the role %s', async (role) => {
    const { call } = await createWorld()

    expect((await call('GET /audit', keyOf(role))).status).toBe(403)
  })
})

describe('connections', () => {
  test('are listed with their principal, their subscriptions, their rates and how far they are behind', async () => {
    const { call, clock, subscriptions, reports } = await createWorld()
    await subscriptions.register({ connection: 'c1', id: 's1', attempt: 1, channels: ['tests.*'] })
    const behind = await subscriptions.register({ connection: 'c1', id: 's2', attempt: 1, channels: ['**'] })
    if (behind) await subscriptions.markBehind(behind)
    const flow = { frames: 60, events: 150, last: clock.now() }
    const frames = new Map([['c1', flow]])
    await reports.put({ instance: 'i1', at: clock.now(), frames, hops: new Map() })

    const { body } = await call('GET /connections?principal=viewer&q=C1', keyOf('admin'))

    expect(body).toMatchObject({
      connections: [
        {
          id: 'c1',
          principal: { name: 'viewer', kind: 'user', role: 'viewer' },
          subscriptions: [
            { id: 's1', channels: ['tests.*'], behind: false },
            { id: 's2', channels: ['**'], behind: true },
          ],
          framesPerSecond: 2,
          eventsPerSecond: 5,
          lastFrame: '2026-03-01T08:00:00.000Z',
        },
      ],
      total: 1,
      next: null,
    })
  })

  test.each([
    ['/connections?limit=0', '/limit'],
    ['/connections?limit=101', '/limit'],
    ['/connections?role=admin', '/role'],
    [`/connections?q=${'x'.repeat(201)}`, '/q'],
  ])('are refused at %s, which says what is wrong', async (path, pointer) => {
    const { call } = await createWorld()

    const { status, body } = await call(`GET ${path}`, keyOf('admin'))

    expect(status).toBe(400)
    expect(body).toMatchObject({ errors: [{ pointer }] })
  })

  test('are closed, told so, and written down with whose they were', async () => {
    const { call, audit, subscriptions, posts, closed } = await createWorld()

    expect(await call('DELETE /connections/c1', keyOf('admin'))).toMatchObject({
      status: 202,
      body: { id: 'c1' },
    })

    expect(await subscriptions.find('c1')).toBeNull()
    expect(posts.map(({ frame }) => JSON.parse(frame).code)).toEqual(['closed'])
    expect(closed).toEqual(['c1'])
    expect(audit.entries).toMatchObject([
      { action: 'connection.closed', target: 'c1', details: { principal: 'viewer' } },
    ])
    expect(await call('DELETE /connections/c1', keyOf('admin'))).toMatchObject({ status: 404 })
  })

  test.each(['viewer', 'publisher', 'operator'] as const)('are not for the role %s', async (role) => {
    const { call, closed } = await createWorld()

    expect((await call('GET /connections', keyOf(role))).status).toBe(403)
    expect((await call('DELETE /connections/c1', keyOf(role))).status).toBe(403)
    expect(closed).toEqual([])
  })
})

test('POST /telemetry takes the paints of a page, and GET /telemetry is for operators', async () => {
  const { call, telemetry } = await createWorld()
  const paint = { ...PLACE, received: 1, shown: 2, painted: 3 }

  const taken = await call('POST /telemetry', keyOf('viewer'), { sent: NOW, paints: [paint] })
  const refused = await call('POST /telemetry', keyOf('viewer'), { sent: NOW })

  expect(taken).toMatchObject({ status: 202, body: { taken: 1 } })
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/paints' }] } })
  expect(telemetry.counts.get('paints_reported')).toBe(1)
  expect(telemetry.counts.get('requests_refused invalid-event')).toBe(1)
  expect(await call('GET /telemetry', keyOf('viewer'))).toMatchObject({ status: 403 })
  expect(await call('GET /telemetry', keyOf('operator'))).toMatchObject({
    status: 200,
    body: { windowSeconds: 30 },
  })
})

describe('a page whose time is nearly over', () => {
  const LATE_MS = 7000

  test('has what was read, and names the page that goes on', async () => {
    const { call, addCase, addAudit } = await createWorld()
    await addCase('n1', 'urn:a', 0)
    await addCase('n2', 'urn:b', 1)
    await addAudit('key.created', 'ada')
    await addAudit('key.created', 'bob')

    const page = await call('GET /events?channel=port.**', keyOf('admin'), undefined, LATE_MS)
    const csv = await call('GET /events.csv?channel=port.**', keyOf('admin'), undefined, LATE_MS)
    const audit = await call('GET /audit', keyOf('admin'), undefined, LATE_MS)

    expect(page.body).toMatchObject({ events: [{ event: { id: 'n2' } }], next: expect.any(String) })
    expect(csv.headers.link).toMatch(/rel="next"/)
    expect(audit.body).toMatchObject({ events: [{}], next: expect.any(String) })
    const below = `GET /events?channel=port.**&next=${encodeURIComponent(page.body.next)}`
    expect((await call(below, keyOf('admin'))).body).toMatchObject({
      events: [{ event: { id: 'n1' } }],
      next: null,
    })
  })

  test('that catches up has a cursor that goes on', async () => {
    const { call, addCase } = await createWorld()
    await addCase('n1', 'urn:a', 0)
    const since = (cursor: string, remainingMs?: number) =>
      call(
        `GET /events/since?channel=**&cursor=${encodeURIComponent(cursor)}`,
        keyOf('admin'),
        undefined,
        remainingMs,
      )

    const first = await since('', LATE_MS)
    const second = await since(first.body.cursor)

    const ids = [first, second].map(({ body }) =>
      body.events.map(({ event }: { event: CloudEvent }) => event.id),
    )
    expect(ids.map((own) => own.length)).toEqual([1, 1])
    expect(ids.flat().sort()).toEqual(['e1', 'n1'])
  })
})

describe('the "next" of a list', () => {
  const LISTS = ['/events', '/events.csv', '/audit', '/dead-letters', '/connections', '/views/port/cases']

  test.each(LISTS)('%s is the first page if it is empty', async (path) => {
    const { call } = await createWorld()
    const get = (query: string) => call(`GET ${path}${query}`, keyOf('admin'))

    expect(await get('?next=')).toEqual(await get(''))
    expect((await get('')).status).toBe(200)
  })

  test.each(LISTS)('%s is 400 with the reason if no page of this list gave it', async (path) => {
    const { call } = await createWorld()
    const foreign = [
      'broken',
      'a,b',
      // Of another kind of list.
      `k${Buffer.from('port/berths/B2').toString('base64url')}`,
      '000001795248000#0000000000000001#0@elsewhere',
      // Of another stack, and of another query.
      'events@another:0=0',
      'elsewhere@1:0=0',
      'tidewire-audit@1:0=0',
    ]
    for (const next of foreign) {
      const { status, body } = await call(`GET ${path}?next=${encodeURIComponent(next)}`, keyOf('admin'))
      expect([next, status, body.detail]).toEqual([
        next,
        400,
        expect.stringMatching(/"next" is .*; leave it out/),
      ])
    }
  })
})
