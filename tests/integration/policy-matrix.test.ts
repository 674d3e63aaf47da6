import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ROUTE_ACTIONS } from '#shared/api/route-actions.ts'
import { ACTIONS, type Action, ALL_ACTIONS, CHANNELS, type ChannelLine } from '#shared/core/access/policy.ts'
import { isAtLeast } from '#shared/core/access/principal.ts'
import { ROLES, type Role } from '#shared/core/access/role.ts'
import { domains } from '#shared/domain/catalog.ts'
import { LIVE_CANDLES } from '#shared/domain/market/candle-views.ts'
import { userChannel } from '#shared/domain/market/market-channels.ts'
import { type Frame, openSocket, type TestSocket } from '../support/open-socket.ts'
import { addressOf, bearer } from '../support/sign-in.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

type Taken = Exclude<
  {
    [Route in keyof typeof ROUTE_ACTIONS]: (typeof ROUTE_ACTIONS)[Route] extends 'nothing' ? never : Route
  }[keyof typeof ROUTE_ACTIONS],
  // The last one ends the session that the other requests use.
  'POST /events/{id}/{move}' | 'DELETE /events/{id}' | 'DELETE /session'
>
type Sample = { readonly path: string; readonly body?: () => object }

const order = () => ({
  orderId: randomUUID(),
  symbol: 'ACME',
  side: 'buy',
  kind: 'limit',
  quantity: 1,
  limit: 1,
})
const alert = () => ({ alertId: randomUUID(), symbol: 'ACME', kind: 'price-above', threshold: 1_000_000 })

/** A request of each route that takes an action; those that change something do so in the sender's own name. */
const SAMPLES: Readonly<Record<Taken, Sample>> = {
  'GET /events': { path: '/events' },
  'POST /events': { path: '/events', body: () => ({ type: 'market.order.placed', data: order() }) },
  'GET /events/since': { path: '/events/since' },
  'GET /events.csv': { path: '/events.csv' },
  'GET /events/{id}': { path: '/events/none' },
  'POST /events/{id}/erase': { path: '/events/none/erase', body: () => ({ reason: 'a test' }) },
  'GET /dead-letters': { path: '/dead-letters' },
  'POST /dead-letters/replay': { path: '/dead-letters/replay', body: () => ({ filter: {}, dryRun: true }) },
  'POST /dead-letters/discard': {
    path: '/dead-letters/discard',
    body: () => ({ filter: {}, reason: 'a test', dryRun: true }),
  },
  'GET /replays': { path: '/replays' },
  'POST /replays': { path: '/replays', body: () => ({ kind: 'views', dryRun: true }) },
  'GET /replays/{id}': { path: '/replays/none' },
  'POST /replays/{id}/pause': { path: '/replays/none/pause' },
  'POST /replays/{id}/resume': { path: '/replays/none/resume' },
  'POST /replays/{id}/cancel': { path: '/replays/none/cancel' },
  'GET /dead-letters/{topic}/{partition}/{offset}': { path: '/dead-letters/port-events/0/999999' },
  'GET /audit': { path: '/audit' },
  'GET /streams': { path: '/streams' },
  'GET /streams/{topic}': { path: '/streams/events' },
  'GET /streams/{topic}/{partition}': { path: '/streams/events/0' },
  'GET /telemetry': { path: '/telemetry' },
  'POST /telemetry': { path: '/telemetry', body: () => ({ sent: Date.now(), paints: [] }) },
  'GET /stats': { path: '/stats' },
  'GET /views/{domain}/{view}': { path: '/views/port/statistics' },
  'GET /views/{domain}/{view}/{key}': { path: '/views/port/cases/none' },
  'GET /connections': { path: '/connections' },
  'DELETE /connections/{id}': { path: '/connections/none' },
  'POST /tickets': { path: '/tickets' },
  'GET /catalog': { path: '/catalog' },
  'GET /keys': { path: '/keys' },
  'POST /keys': { path: '/keys', body: () => ({ id: randomUUID(), role: 'viewer' }) },
  'POST /keys/{id}/rotate': { path: '/keys/none/rotate' },
  'DELETE /keys/{id}': { path: '/keys/none' },
  'GET /users': { path: '/users' },
  'GET /users/me': { path: '/users/me' },
  'POST /users/{name}/revoke': { path: '/users/none/revoke' },
}

/** Actions without a request: what they say is done elsewhere, or not yet. */
const WITHOUT_ROUTE: readonly Action[] = ['session.end']

/** An event of each line of CHANNELS: in whose channel, and of which type; by default with the data of its example. */
type LineSample = {
  readonly channel: (owner: string) => string
  readonly type: string
  readonly data?: () => object
}
const LINES: Readonly<Record<string, LineSample>> = {
  'market.user.{user}.**': { channel: userChannel, type: 'market.order.placed', data: order },
  'market.order.**': { channel: () => 'market.order.ACME', type: 'market.order.routed' },
  'market.alert.**': { channel: () => 'market.alert.ACME', type: 'market.alert.armed' },
  'market.candle.**': { channel: () => 'market.candle.ACME', type: 'market.candle.archived' },
  'tidewire.audit.**': { channel: () => 'tidewire.audit.refused', type: 'tidewire.audit.refused' },
  'tidewire.**': { channel: () => 'tidewire.stats', type: 'tidewire.stats' },
  '**': { channel: () => 'matrix.sample', type: 'matrix.sample' },
}
const definitions = new Map(domains.flatMap(({ events }) => Object.entries(events)))

function dataOf({ type, data }: LineSample): object {
  if (data) return data()
  const [example = {}] = (definitions.get(type)?.schema.meta()?.examples ?? []) as object[]
  return example
}

type Case = {
  readonly line: ChannelLine
  readonly role: Role
  /** Whose channel it is; the same for all where nobody owns one. */
  readonly owner: Role
}
const CASES = CHANNELS.flatMap((line) =>
  ROLES.flatMap((role): Case[] => {
    const other = ROLES[(ROLES.indexOf(role) + 1) % ROLES.length] ?? role
    return line.channels.includes('{user}')
      ? [
          { line, role, owner: role },
          { line, role, owner: other },
        ]
      : [{ line, role, owner: role }]
  }),
)

/** What a line says, read as data. */
function isAllowed({ line, role, owner }: Case, deed: 'read' | 'publish'): boolean {
  const { from, owner: byOwner } = line[deed]
  return (from !== undefined && isAtLeast(role, from)) || (byOwner === true && role === owner)
}

const sampleOf = ({ channels }: ChannelLine): LineSample => {
  const sample = LINES[channels]
  if (sample === undefined) throw new Error(`the policy has a line ${channels}: give an event of it here`)
  return sample
}
const channelOf = ({ line, owner }: Case) => sampleOf(line).channel(addressOf(owner))

describe('the policy over the running stack', () => {
  let stack: TestStack
  let caseId: string
  const headers = new Map<Role, Readonly<Record<string, string>>>()
  /** An event in the channel of each case. */
  const events = new Map<string, string>()

  beforeAll(async () => {
    stack = await startStack()
    for (const role of ROLES) headers.set(role, await bearer(stack, role))
    await fillChannels()
  })
  afterAll(() => stack?.dispose())

  async function call(
    role: Role | null,
    method: string,
    path: string,
    body?: object,
    type = 'application/json',
  ) {
    const response = await fetch(`${stack.httpUrl}${path}`, {
      method,
      headers: {
        ...(role !== null && headers.get(role)),
        ...(body !== undefined && { 'content-type': type }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, text }
  }
  const post = (role: Role, event: object) => call(role, 'POST', '/events', event)
  async function openAs(role: Role): Promise<TestSocket> {
    const { text } = await call(role, 'POST', '/tickets')
    return openSocket(stack.socketUrl, `ticket=${(JSON.parse(text) as { ticket: string }).ticket}`)
  }

  /** Has an event written in every channel, as it happens by itself where nobody may post it. */
  async function fillChannels() {
    const damaged = {
      id: randomUUID(),
      source: '/matrix',
      type: 'port.container.damaged',
      data: { title: 'Dent' },
    }
    caseId = damaged.id
    // So many minutes that the first candle leaves the live window, and is archived.
    const ticks = Array.from({ length: LIVE_CANDLES + 1 }, (_, minute) => ({
      specversion: '1.0',
      id: randomUUID(),
      source: '/matrix',
      type: 'market.tick',
      time: new Date(Date.parse('2026-01-05T10:00:00Z') + minute * 60_000).toISOString(),
      data: { symbol: 'ACME', price: 100, volume: 1 },
    }))
    const posted = [
      await post('admin', damaged),
      await post('publisher', { type: 'matrix.sample', category: 'matrix.sample' }),
      await call('publisher', 'POST', '/events', ticks, 'application/cloudevents-batch+json'),
    ]
    for (const role of ROLES)
      posted.push(
        await post(role, { type: 'market.order.placed', data: order() }),
        await post(role, { type: 'market.alert.created', data: alert() }),
      )
    expect(posted.map(({ status, text }) => (status === 202 ? '' : text)).filter(Boolean)).toEqual([])
    expect((await call('viewer', 'GET', '/dead-letters')).status).toBe(403)
    const socket = await openAs('admin')
    socket.send({ action: 'subscribe', id: 'all', channels: ['tidewire.**', '**'], since: 'earliest' })
    await vi.waitFor(
      () => {
        for (const frame of socket.frames) remember(frame)
        const missing = CASES.filter((one) => !events.has(channelOf(one))).map(channelOf)
        if (missing.length > 0) throw new Error(`no event came on ${missing.join(', ')}`)
      },
      { timeout: 60_000 },
    )
    await socket.close()
  }
  function remember({ events: received = [] }: Frame) {
    for (const { event } of received as { event: { id: string; category?: string } }[])
      if (event.category !== undefined) events.set(event.category, event.id)
  }
  const eventOf = (one: Case) => events.get(channelOf(one)) ?? ''

  it('has a request for every action, and an event for every line', () => {
    const taken = Object.values(ROUTE_ACTIONS) as readonly string[]
    const without = ALL_ACTIONS.filter((action) => !action.startsWith('move.') && !taken.includes(action))
    expect(without.filter((action) => !WITHOUT_ROUTE.includes(action))).toEqual([])
    for (const line of CHANNELS) expect(() => sampleOf(line)).not.toThrow()
  })

  it.each(Object.entries(SAMPLES))(
    '%s needs credentials, and of its action’s role',
    async (route, sample) => {
      const [method = ''] = route.split(' ')
      const action = ROUTE_ACTIONS[route as Taken]
      for (const role of [null, ...ROLES]) {
        const { status, text } = await call(role, method, sample.path, sample.body?.())
        const expected = role === null ? 401 : isAtLeast(role, ACTIONS[action]) ? 'allowed' : 403
        const found = status === 401 || status === 403 ? status : status < 500 ? 'allowed' : text
        expect.soft([route, role, found]).toEqual([route, role, expected])
      }
    },
  )

  const moves = domains.flatMap(({ name, lifecycle }) =>
    Object.keys(lifecycle?.moves ?? {}).map((move) => [`move.${name}.${move}` as Action, move] as const),
  )
  it.each(moves)('%s is made by its role or a higher one', async (action, move) => {
    const body = move === 'assign' ? { assignee: addressOf('operator') } : {}
    for (const role of [null, ...ROLES]) {
      const { status, text } =
        move === 'delete'
          ? await call(role, 'DELETE', `/events/${caseId}`)
          : await call(role, 'POST', `/events/${caseId}/${move}`, body)
      // The state may forbid what the policy allows.
      const found =
        status === 202 || status === 409 ? 'allowed' : status === 401 || status === 403 ? status : text
      const expected = role === null ? 401 : isAtLeast(role, ACTIONS[action]) ? 'allowed' : 403
      expect.soft([action, role, found]).toEqual([action, role, expected])
    }
  })

  const name = (one: Case) =>
    `${one.line.channels} by the role ${one.role}${one.line.channels.includes('{user}') ? (one.role === one.owner ? ', own' : `, of the ${one.owner}`) : ''}`
  const named = CASES.map((one) => [name(one), one] as const)

  it.each(named)('write to %s', async (_, one) => {
    const sample = sampleOf(one.line)
    const { type } = sample
    const own = one.line.channels.includes('{user}') && one.role !== one.owner
    const event = {
      type,
      category: channelOf(one),
      data: { ...dataOf(sample), ...(own && { user: addressOf(one.owner) }) },
    }

    const { status, text } = await post(one.role, event)
    expect([status, status === 202 ? '' : text]).toEqual(
      isAllowed(one, 'publish') ? [202, ''] : [403, expect.stringContaining('problem:forbidden')],
    )
    // What is no type of the line is refused to all.
    if (one.line.types !== undefined)
      expect((await post(one.role, { ...event, type: 'matrix.sample', data: {} })).status).toBe(403)
  })

  it.each(named)('read %s', async (_, one) => {
    const [channel, id, isRead] = [channelOf(one), eventOf(one), isAllowed(one, 'read')]
    const list = (path: string, query = '') => call(one.role, 'GET', `${path}?channel=${channel}${query}`)
    const [page, since, csv] = [
      await list('/events', '&limit=500'),
      await list('/events/since', '&cursor=earliest&limit=500'),
      await list('/events.csv'),
    ]

    for (const { status, text } of [page, since, csv])
      expect.soft([status, text.includes(id)]).toEqual(isRead ? [200, true] : [403, false])
    const single = await call(one.role, 'GET', `/events/${id}`)
    expect
      .soft([single.status, single.text.includes(`"category":"${channel}"`)])
      .toEqual(isRead ? [200, true] : [404, false])
    // A wildcard shows what is granted of it, and nothing else.
    const segments = channel.split('.')
    const wide = await list('/events', `,${segments[0]}.**&limit=500`)
    expect.soft(wide.text.includes(`"category":"${channel}"`)).toBe(isRead)
  })

  const usersViews = ['portfolio', 'orders', 'user-alerts'].flatMap((view) =>
    named
      .filter(([, { line }]) => line.channels.includes('{user}'))
      .map(([text, one]) => [view, text, one] as const),
  )
  it.each(usersViews)('view market/%s of %s', async (view, _, one) => {
    const isRead = isAllowed(one, 'read')
    for (const parts of [false, true]) {
      const query = parts ? '?parts=true' : ''
      const key = encodeURIComponent(addressOf(one.owner))
      const { status } = await call(one.role, 'GET', `/views/market/${view}/${key}${query}`)
      expect.soft(status).toBe(isRead ? 200 : 403)
      const list = await call(one.role, 'GET', `/views/market/${view}${query}`)
      expect.soft([list.status, list.text.includes(addressOf(one.owner))]).toEqual([200, isRead])
    }
  })

  it.each(['book', 'alerts'])(
    'view market/%s is presented to all, its parts only to admins',
    async (view) => {
      for (const role of ROLES) {
        const shown = await call(role, 'GET', `/views/market/${view}/ACME`)
        const parts = await call(role, 'GET', `/views/market/${view}/ACME?parts=true`)
        const list = await call(role, 'GET', `/views/market/${view}`)
        expect.soft([shown.status, list.status, list.text.includes('ACME')]).toEqual([200, 200, true])
        expect.soft(shown.text + list.text).not.toContain('tidewire.local')
        expect.soft([role, parts.status]).toEqual([role, role === 'admin' ? 200 : 403])
      }
    },
  )

  it('statistics name no user', async () => {
    const { text } = await call('viewer', 'GET', '/stats')
    expect(text).toContain('"market.user.*"')
    expect(text).not.toContain('tidewire~2Elocal')
  })

  it.each(ROLES)('a socket of a %s subscribes to, replays and gets what it may read', async (role) => {
    const own = named.filter(([, one]) => one.role === role)
    const socket = await openAs(role)
    const answers: unknown[] = []
    for (const [text, one] of own) {
      socket.send({ action: 'subscribe', id: text, channels: [channelOf(one)], since: 'earliest' })
      const answer = await socket.next(({ id, type }) => id === text && type !== 'events')
      answers.push([text, answer.type, answer.code])
    }
    expect(answers).toEqual(
      own.map(([text, one]) =>
        isAllowed(one, 'read') ? [text, 'subscribed', undefined] : [text, 'error', 'forbidden'],
      ),
    )
    const seen = new Set(socket.frames.flatMap((frame) => idsOf(frame)))
    for (const [text, one] of own)
      expect.soft([text, seen.has(eventOf(one))]).toEqual([text, isAllowed(one, 'read')])
    await socket.close()
  })

  it('a wildcard pushes what is granted, and nothing else', async () => {
    const sockets = await Promise.all(ROLES.map(openAs))
    for (const socket of sockets) {
      socket.send({ action: 'subscribe', id: 'all', channels: ['**'] })
      await socket.next(({ type }) => type === 'subscribed')
    }
    for (const role of ROLES)
      expect((await post(role, { type: 'market.order.placed', data: order() })).status).toBe(202)
    expect((await post('publisher', { type: 'matrix.sample', category: 'matrix.sample' })).status).toBe(202)
    for (const [index, role] of ROLES.entries()) {
      const wanted = named.filter(
        ([, one]) => one.role === role && one.line.publish.owner && isAllowed(one, 'read'),
      )
      for (const channel of [...wanted.map(([, one]) => channelOf(one)), 'matrix.sample'])
        await sockets[index]?.next((frame) => channelsIn(frame).includes(channel))
    }
    for (const [index, role] of ROLES.entries()) {
      const refused = named.filter(([, one]) => one.role === role && !isAllowed(one, 'read'))
      const channels = sockets[index]?.frames.flatMap(channelsIn) ?? []
      expect(
        refused.map(([, one]) => channelOf(one)).filter((channel) => channels.includes(channel)),
      ).toEqual([])
    }
    await Promise.all(sockets.map((socket) => socket.close()))
  })
})

type Pushed = { readonly event: { readonly id: string; readonly category: string } }

function idsOf({ events = [] }: Frame): string[] {
  return (events as Pushed[]).map(({ event }) => event.id)
}

function channelsIn({ events = [] }: Frame): string[] {
  return (events as Pushed[]).map(({ event }) => event.category)
}
