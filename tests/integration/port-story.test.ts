import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '#shared/core/access/role.ts'
import type { Berth } from '#shared/domain/port/berths-view.ts'
import type { Case } from '#shared/domain/port/case.ts'
import type { PresentedStatistics } from '#shared/domain/port/statistics-view.ts'
import { get, type Positioned, type Problem, post, publish } from '../support/api.ts'
import { addressOf, bearer } from '../support/sign-in.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

type Answer = {
  readonly status: number
  readonly etag: string
  readonly json: Problem & { id: string; partition: number; offset: number; state: Case }
}
type ListedRow = Positioned & { state?: { status: string; assignee?: string } }
type Headers = Record<string, string>

let stack: TestStack
const people = {} as Record<Role, Headers>
/** Returns a name that is unique to this run, because the topics may have events of other runs. */
const run = randomUUID().slice(0, 8)
const name = (what: string) => `${what}-${run}`

beforeAll(async () => {
  stack = await startStack()
  for (const role of ['viewer', 'publisher', 'operator', 'admin'] as const)
    people[role] = await bearer(stack, role)
})
afterAll(() => stack?.dispose())

/** Sends a request, again after Retry-After if the response is a 503. */
async function call(method: string, path: string, headers: Headers, body?: object): Promise<Answer> {
  const response = await fetch(`${stack.httpUrl}${path}`, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  const retryAfter = response.headers.get('retry-after')
  if (response.status === 503 && retryAfter !== null) {
    await response.body?.cancel()
    await sleep(Number(retryAfter) * 1000)
    return call(method, path, headers, body)
  }
  const json = (response.status === 304 ? null : await response.json()) as Answer['json']
  return { status: response.status, etag: response.headers.get('etag') ?? '', json }
}
const move = (id: string, what: string, by: Role, body?: object, headers: Headers = {}) =>
  call('POST', `/events/${id}/${what}`, { ...people[by], ...headers }, body)
const read = (id: string, headers: Headers = {}) =>
  call('GET', `/events/${id}`, { 'x-api-key': API_KEY, ...headers })
const list = async (query: string) =>
  (await get<{ events: ListedRow[] }>(`${stack.httpUrl}/events?${query}`)).json.events
const view = async <State>(path: string) =>
  (await get<{ state: State }>(`${stack.httpUrl}/views/port/${path}`)).json.state

describe('a day at the port', () => {
  it('begins with a damaged container, which an operator brings from new to closed', async () => {
    const id = name('dent')
    await publish(stack.httpUrl, {
      id,
      type: 'port.container.damaged',
      subject: name('MSKU'),
      data: { title: 'Dent in the left wall', location: 'Yard C', priority: 'urgent', requiresAction: true },
    })

    const acknowledged = await move(id, 'acknowledge', 'operator')
    const assigned = await move(id, 'assign', 'operator', { assignee: addressOf('operator') })
    const started = await move(id, 'start', 'operator')
    const resolved = await move(id, 'resolve', 'operator', { note: 'Wall replaced' })
    const closed = await move(id, 'close', 'admin')

    const all = [acknowledged, assigned, started, resolved, closed]
    expect(all.map(({ status, json }) => [status, json.state?.status])).toEqual([
      [202, 'acknowledged'],
      [202, 'acknowledged'],
      [202, 'in-progress'],
      [202, 'resolved'],
      [202, 'closed'],
    ])
    const { state, partition } = (await read(id)).json
    expect(closed.json).toMatchObject({ topic: 'container-events', partition, state })
    expect(state.history.map(({ by, move: what, to }) => [by, what, to])).toEqual([
      [addressOf('operator'), 'acknowledge', 'acknowledged'],
      [addressOf('operator'), 'assign', 'acknowledged'],
      [addressOf('operator'), 'start', 'in-progress'],
      [addressOf('operator'), 'resolve', 'resolved'],
      [addressOf('admin'), 'close', 'closed'],
    ])
    expect(state.history[3]).toMatchObject({ note: 'Wall replaced', at: expect.stringMatching(/Z$/) })
  })

  it('refuses moves that the lifecycle forbids, with the reason', async () => {
    const id = name('hold')
    await publish(stack.httpUrl, { id, type: 'port.container.customs-hold', subject: name('TGHU') })

    const tooEarly = await move(id, 'resolve', 'operator')
    await move(id, 'acknowledge', 'operator')
    const twice = await move(id, 'acknowledge', 'admin')
    const toNobody = await move(id, 'assign', 'operator', {})
    const unknown = await move(id, 'ponder', 'operator')
    const nowhere = await move(name('nobody'), 'acknowledge', 'operator')

    expect([tooEarly, twice].map(({ status, json }) => [status, json.detail])).toEqual([
      [409, 'This event is still new; only an event in progress can be resolved.'],
      [
        409,
        `This event is already acknowledged by ${addressOf('operator')}; only a new event can be acknowledged.`,
      ],
    ])
    expect([toNobody.status, unknown.status, nowhere.status]).toEqual([422, 404, 404])
  })

  it('is assigned to people of the directory only', async () => {
    const id = name('people')
    await publish(stack.httpUrl, { id, type: 'port.security-alert', data: { title: 'Fence open' } })
    const users = async (role: Role, query = '') =>
      (await call('GET', `/users${query}`, people[role])) as unknown as {
        status: number
        json: { users: unknown }
      }

    for (const role of ['viewer', 'publisher'] as const) expect((await users(role)).status).toBe(403)
    const everybody = (['admin', 'operator', 'publisher', 'viewer'] as const).map((role) => ({
      name: addressOf(role),
      role,
    }))
    expect((await users('operator')).json.users).toEqual(everybody)
    expect((await users('admin', '?q=VIEW')).json.users).toEqual(everybody.slice(3))

    for (const assignee of ['nobody@tidewire.local', 'key:local-operator', 'service:tidewirelocalservice']) {
      const { status, json } = await move(id, 'assign', 'operator', { assignee })
      expect([status, json.detail]).toEqual([422, expect.stringContaining('GET /users lists the people')])
    }
    expect((await read(id)).json.state.history).toEqual([])
    const assigned = await move(id, 'assign', 'operator', { assignee: addressOf('viewer') })
    expect([assigned.status, assigned.json.state.assignee]).toEqual([202, addressOf('viewer')])
    const taken = await move(id, 'assign', 'operator', { assignee: null })
    expect([taken.status, taken.json.state.assignee]).toEqual([202, null])
  })

  it('lets only one of two users acknowledge at the same time, and refuses the other', async () => {
    const id = name('race')
    await publish(stack.httpUrl, { id, type: 'port.security-alert', data: { title: 'Fence open' } })

    const both = await Promise.all([move(id, 'acknowledge', 'operator'), move(id, 'acknowledge', 'admin')])

    expect(both.map(({ status }) => status).sort()).toEqual([202, 409])
    expect((await read(id)).json.state.status).toBe('acknowledged')
  })

  it('supports If-Match, If-None-Match and Idempotency-Key', async () => {
    const id = name('tag')
    await publish(stack.httpUrl, { id, type: 'port.system.failure', data: { title: 'Crane 4 stopped' } })
    const before = await read(id)
    const keyed = { 'idempotency-key': `"${name('key')}"`, 'if-match': before.etag }

    const first = await move(id, 'acknowledge', 'operator', undefined, keyed)
    const repeated = await move(id, 'acknowledge', 'operator', undefined, keyed)
    const stale = await move(id, 'start', 'operator', undefined, { 'if-match': before.etag })
    const fresh = await move(id, 'start', 'operator', undefined, { 'if-match': first.etag })

    expect([first.status, repeated.status, stale.status, fresh.status]).toEqual([202, 202, 412, 202])
    expect(repeated.json).toEqual(first.json)
    expect((await read(id, { 'if-none-match': fresh.etag })).status).toBe(304)
    expect((await read(id, { 'if-none-match': before.etag })).status).toBe(200)
  })

  it('lets every role read, operators move events, and only admins delete; deleted events stay in the audit trail', async () => {
    const id = name('gone')
    await publish(stack.httpUrl, { id, type: 'port.notice', data: { title: name('Gate 3 is closed') } })

    const reading = await move(id, 'read', 'viewer')
    const refused = await Promise.all([
      move(id, 'acknowledge', 'viewer'),
      move(id, 'acknowledge', 'publisher'),
      call('DELETE', `/events/${id}`, people.operator),
      call('DELETE', `/events/${id}`, {}),
    ])
    const deleted = await call('DELETE', `/events/${id}`, people.admin)
    const after = await move(id, 'acknowledge', 'admin')

    expect(reading.json.state.readBy).toEqual([addressOf('viewer')])
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 401])
    expect(refused[2]?.json.detail).toContain('may not do "move.port.delete"')
    expect([deleted.status, after.status]).toEqual([202, 409])
    expect(await list(`q=${name('Gate 3 is closed').replaceAll(' ', '%20')}`)).toEqual([])
    expect((await read(id)).json).toMatchObject({
      state: {
        isDeleted: true,
        history: [{ move: 'delete', by: addressOf('admin') }],
      },
    })
  })

  it('refuses moves that are posted as events', async () => {
    const forged = {
      type: 'port.lifecycle.closed',
      category: 'port.container.lifecycle',
      subject: name('dent'),
    }
    const { status, json } = await post(
      stack.httpUrl,
      JSON.stringify({ ...forged, data: { move: 'close', by: 'x', at: '' } }),
    )

    expect(status).toBe(403)
    expect((json as Problem).errors?.[0]?.pointer).toBe('/type')
  })
})

describe('what happens by itself', () => {
  it('a container that arrives must be inspected', async () => {
    const subject = name('HLXU')
    await publish(stack.httpUrl, { type: 'port.container.arrived', subject, data: { berth: 'B4' } })

    const types = async () => (await list(`subject=${subject}`)).map(({ event }) => event.type)
    await expect.poll(types).toEqual(['port.container.inspection-requested', 'port.container.arrived'])
  })

  it('a ship takes its berth and frees it; a berth that is assigned twice is critical, and sends a notification', async () => {
    const [berth, ship, other] = [name('B2'), name('aurora'), name('borealis')]
    const berthNow = () => view<Berth>(`berths/${berth}`)

    await publish(stack.httpUrl, { type: 'port.ship.arrived', subject: ship, data: { berth } })
    await expect.poll(berthNow).toMatchObject({ status: 'occupied', ship })
    await publish(stack.httpUrl, { type: 'port.berth.assigned', subject: berth, data: { shipId: other } })
    await expect.poll(berthNow).toMatchObject({ ship, contender: other })
    await publish(stack.httpUrl, { type: 'port.ship.departed', subject: ship, data: { berth } })
    await expect.poll(berthNow).toMatchObject({ status: 'free', ship: null })

    const critical = async () =>
      (await list(`severity=critical&subject=${berth}`)).map(({ event }) => event.type)
    const notified = async () =>
      (await list(`type=port.notification&q=${berth}`)).map(({ event }) => event.category)
    await expect.poll(critical).toEqual(['port.berth.conflict'])
    await expect.poll(notified).toEqual(['port.system'])
    expect((await berthNow()).history.map(({ what }) => what)).toEqual(['occupied', 'conflict', 'freed'])
  })
})

describe('what can be seen', () => {
  it('statistics count events: totals, today, severities, categories with percentages, unread per user', async () => {
    const stats = () => view<PresentedStatistics>('statistics')
    const before = await stats()
    const ids = [name('s1'), name('s2'), name('s3')]
    for (const id of ids)
      await publish(stack.httpUrl, {
        id,
        type: 'port.weather-warning',
        severity: 'low',
        subject: name('wind'),
      })
    await expect.poll(async () => (await stats()).total - before.total).toBe(3)
    await move(ids[0] ?? '', 'read', 'publisher')
    await move(ids[1] ?? '', 'acknowledge', 'operator')

    const after = await stats()
    const countOf = ({ severities }: PresentedStatistics) =>
      severities.find((one) => one.name === 'low')?.count ?? 0
    expect([after.today - before.today, countOf(after) - countOf(before)]).toEqual([3, 3])
    expect(after.critical).toBe(before.critical)
    const percent = after.categories.reduce((sum, share) => sum + share.percent, 0)
    expect(Math.abs(percent - 100)).toBeLessThan(1)
    expect(after.unread.users).toContainEqual({
      user: addressOf('publisher'),
      unread: after.unread.recent - 1,
    })
  })

  it('search finds by text, status and assignee, ignoring case, and lists contain the state', async () => {
    const [found, hidden] = [name('find'), name('miss')]
    const title = name('Roof torn')
    await publish(stack.httpUrl, {
      id: found,
      type: 'port.container.damaged',
      subject: 'OOLU-1',
      data: { title },
    })
    await publish(stack.httpUrl, { id: hidden, type: 'port.container.damaged', data: { description: title } })
    const bob = addressOf('publisher')
    await move(found, 'assign', 'operator', { assignee: bob })
    await move(hidden, 'acknowledge', 'operator')

    const ids = async (query: string) => (await list(query)).map(({ event }) => event.id)
    const q = `q=${encodeURIComponent(title.toUpperCase())}`
    expect(await ids(q)).toEqual([hidden, found])
    expect(await ids(`${q}&status=new`)).toEqual([found])
    expect(await ids(`${q}&status=acknowledged,closed`)).toEqual([hidden])
    expect(await ids(`${q}&assignee=${bob}`)).toEqual([found])
    expect((await list(`${q}&status=new`))[0]?.state).toMatchObject({ status: 'new', assignee: bob })
  })

  it('CSV has the same events, page by page, and no formulas', async () => {
    const subject = name('csv')
    const titles = ['=HYPERLINK("x")', 'plain', '"quoted", with a comma']
    for (const title of titles)
      await publish(stack.httpUrl, { type: 'port.notice', subject, data: { title } })
    await expect.poll(async () => (await list(`subject=${subject}&status=new`)).length).toBe(3)

    const rows: Record<string, string>[] = []
    let pages = 0
    for (let path: string | undefined = `/events.csv?subject=${subject}&limit=2`; path; pages++) {
      const response = await fetch(`${stack.httpUrl}${path}`, { headers: { 'x-api-key': API_KEY } })
      const text = await response.text()
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        'text/csv; charset=utf-8',
      ])
      expect(response.headers.get('content-disposition')).toContain('attachment')
      rows.push(...(parse(text, { columns: true, bom: true }) as Record<string, string>[]))
      path = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    }

    expect(pages).toBe(2)
    expect(rows.map(({ title, status }) => [title, status]).reverse()).toEqual([
      [`'=HYPERLINK("x")`, 'new'],
      ...titles.slice(1).map((title) => [title, 'new']),
    ])
  })

  it('moves are omitted from lists unless they are requested; then they are the audit trail of an event', async () => {
    const subject = name('dent')
    expect(await list(`subject=${subject}`)).toEqual([])
    const trail = await list(`subject=${subject}&channel=port.*.lifecycle`)
    expect(trail.map(({ event }) => event.type).reverse()).toEqual(
      ['acknowledged', 'assigned', 'started', 'resolved', 'closed'].map((what) => `port.lifecycle.${what}`),
    )
  })
})
