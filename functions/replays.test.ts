import { describe, expect, test, vi } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import type { ReplayJob } from '#shared/pipeline/replays/replay-store.ts'
import { callHttp, identifyByRole, keyOf } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { memoryReplayStore } from '#shared/testing/memory/memory-replay-store.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeReplays, createReplays, type ReplayFunctionDeps } from './replays.ts'

const NOW = Date.parse('2026-03-01T08:00:00Z')
const LETTERS = [0, 1, 2].map((offset) => ({
  topic: offset === 2 ? 'events' : 'port-events',
  partition: 0,
  offset,
  code: offset === 0 ? 'undecodable' : 'invalid_data',
}))

function createWorld(more: Partial<ReplayFunctionDeps> = {}) {
  const audit = memoryAudit()
  const replays = memoryReplayStore()
  const woken: unknown[] = []
  let ids = 0
  const handler = createReplays({
    ...composeReplays(readEnvironment(process.env)),
    identify: identifyByRole,
    replays,
    audit,
    store: memoryEventStore(),
    chooseLetters: async () => LETTERS,
    wake: async (kind, call) => void woken.push([kind, call]),
    makeSecret: () => 'whsec_made',
    now: () => NOW,
    newId: () => {
      ids += 1
      return `id-${ids}`
    },
    ...more,
  })
  const call = (route: string, body?: unknown, headers = keyOf('admin'), remainingMs?: number) => {
    const [method = '', url = ''] = route.split(' ')
    const [path = '', search] = url.split('?')
    const query = Object.fromEntries(new URLSearchParams(search))
    return callHttp(handler, makeHttpEvent(method, path, { headers, body, query }), remainingMs)
  }
  const idOf = ({ body }: { body: unknown }) => (body as ReplayJob).id
  return { audit, replays, woken, call, idOf }
}
const actionsOf = ({ entries }: ReturnType<typeof memoryAudit>) => entries.map(({ action }) => action)

describe('a replay of dead letters', () => {
  test('is counted beforehand, and nothing is created', async () => {
    const { call, replays } = createWorld()

    expect(await call('POST /dead-letters/replay', { filter: {}, dryRun: true })).toMatchObject({
      status: 200,
      body: {
        count: 3,
        byCode: { invalid_data: 2, undecodable: 1 },
        byTopic: { events: 1, 'port-events': 2 },
      },
    })
    expect(await replays.open()).toEqual([])
  })

  test('is refused if its letters cannot be chosen in time, and nothing is created', async () => {
    const chooseLetters: ReplayFunctionDeps['chooseLetters'] = async (_, isLate) => {
      if (isLate()) throw new Refusal('unavailable', 'choose fewer', { retryAfterSeconds: 2 })
      return LETTERS
    }
    const { call, replays } = createWorld({ chooseLetters })

    const late = await call('POST /dead-letters/replay', { filter: {} }, keyOf('admin'), 7999)

    expect(late).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { detail: 'choose fewer' },
    })
    expect(await replays.open()).toEqual([])
    expect(await call('POST /dead-letters/replay', { filter: {} })).toMatchObject({ status: 202 })
  })

  test('is not created any more once its sender has been told that it took too long', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const chosen = Promise.withResolvers<typeof LETTERS>()
    const chooseLetters = () => chosen.promise
    const { call, replays, audit } = createWorld({ chooseLetters, limits: memoryLimits() })

    const body = { filter: {}, reason: 'old' }
    const late = await call('POST /dead-letters/discard', body, keyOf('admin'), 600)
    expect(late).toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
    chosen.resolve(LETTERS)
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)

    expect(await replays.open()).toEqual([])
    expect(actionsOf(audit)).toEqual([])
    vi.restoreAllMocks()
  })

  test('is created with its selection, wakes its worker, and is in the audit trail', async () => {
    const { call, replays, woken, audit, idOf } = createWorld()

    const created = await call('POST /dead-letters/replay', { filter: { topic: ['port-events'] }, rate: 50 })

    expect(created).toMatchObject({
      status: 202,
      body: {
        kind: 'dead-letters',
        status: 'waiting',
        by: 'key:admin',
        created: NOW,
        rate: 50,
        total: 3,
        done: 0,
        skipped: 0,
        failed: 0,
        request: { filter: { topic: ['port-events'] } },
      },
    })
    expect(created.body).not.toHaveProperty('principal')
    expect(await replays.selected(idOf(created), { from: 0, limit: 9 })).toHaveLength(3)
    expect(woken).toEqual([['dead-letters', { replay: idOf(created) }]])
    expect(actionsOf(audit)).toEqual(['replays.created'])
  })

  test('waits for the schedule if its worker cannot be called', async () => {
    const { call } = createWorld({ wake: () => Promise.reject(new Error('throttled')) })

    expect(await call('POST /dead-letters/replay', { filter: {} })).toMatchObject({ status: 202 })
  })

  test.each([
    [{}, '/filter'],
    [{ filter: { topics: ['a'] } }, '/filter/topics'],
    [{ filter: { from: 'noon' } }, '/filter/from'],
    [{ filter: {}, rate: 0 }, '/rate'],
    [{ filter: {}, event: { type: 'a.b' } }, '/event'],
  ])('is refused with what is wrong: %j', async (body, pointer) => {
    const { call } = createWorld()

    const { status, body: problem } = await call('POST /dead-letters/replay', body)

    expect(status).toBe(422)
    expect(problem).toMatchObject({ errors: [{ pointer }] })
  })

  test('needs a body of JSON', async () => {
    const { call } = createWorld()
    expect(await call('POST /dead-letters/replay', '{')).toMatchObject({ status: 400 })
  })
})

test('dead letters are discarded with a reason, which a request must have', async () => {
  const { call } = createWorld()

  expect(await call('POST /dead-letters/discard', { filter: {}, reason: ' ' })).toMatchObject({ status: 422 })
  expect(await call('POST /dead-letters/discard', { filter: {}, reason: 'a test' })).toMatchObject({
    status: 202,
    body: { kind: 'discard', total: 3, request: { reason: 'a test' } },
  })
})

describe('a replay of events', () => {
  const asked = { kind: 'events', channels: ['port.**'], from: '2026-03-01T00:00:00Z' }

  test('to a URL gets a secret that is shown once', async () => {
    const { call, replays, idOf, woken } = createWorld()

    const created = await call('POST /replays', { ...asked, target: { url: 'https://hooks.example.com/' } })

    expect(created).toMatchObject({ status: 202, body: { kind: 'events', secret: 'whsec_made' } })
    expect((await replays.find(idOf(created)))?.material).toEqual({ secret: 'whsec_made' })
    const shown = await call(`GET /replays/${idOf(created)}`)
    expect(JSON.stringify(shown.body)).not.toContain('whsec_')
    expect(woken).toEqual([['events', { replay: idOf(created) }]])
  })

  test('to a URL inside is refused', async () => {
    const { call } = createWorld()

    const refused = await call('POST /replays', { ...asked, target: { url: 'https://169.254.169.254/' } })

    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/target/url' }] } })
  })

  test('has a beginning that is a cursor or a time, and one target', async () => {
    const { call } = createWorld()
    const target = { connection: 'c1' }

    expect(await call('POST /replays', { ...asked, target })).toMatchObject({ status: 202 })
    expect(await call('POST /replays', { ...asked, from: 'noon', target })).toMatchObject({ status: 422 })
    const both = { url: 'https://hooks.example.com/', connection: 'c1' }
    expect(await call('POST /replays', { ...asked, target: both })).toMatchObject({ status: 422 })
  })
})

test('views are rebuilt of domains and topics that there are', async () => {
  const { call } = createWorld()

  expect(await call('POST /replays', { kind: 'views', domains: ['sensors'], dryRun: true })).toMatchObject({
    status: 200,
    body: { count: 0 },
  })
  expect(await call('POST /replays', { kind: 'views', domains: ['sensors'] })).toMatchObject({
    status: 202,
    body: { request: { topics: expect.arrayContaining(['sensor-readings']) } },
  })
  expect(await call('POST /replays', { kind: 'views', domains: ['space'] })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/domains/0' }] },
  })
})

describe('a replay', () => {
  test('is paused, resumed and cancelled, which is in the audit trail', async () => {
    const { call, audit, idOf, woken } = createWorld()
    const id = idOf(await call('POST /replays', { kind: 'views' }))
    const steer = async (move: string) => {
      const { status, body } = await call(`POST /replays/${id}/${move}`)
      return [status, (body as { status: unknown }).status]
    }

    expect(await steer('pause')).toEqual([202, 'paused'])
    expect(await steer('pause')).toEqual([202, 'paused'])
    expect(await steer('resume')).toEqual([202, 'waiting'])
    expect(await steer('cancel')).toEqual([202, 'cancelled'])
    expect(await steer('resume')).toEqual([409, 409])
    expect(actionsOf(audit).slice(1)).toEqual(['replays.paused', 'replays.resumed', 'replays.cancelled'])
    expect(woken).toHaveLength(2)
  })

  test('is listed page by page, newest first', async () => {
    let time = NOW
    const { call, idOf } = createWorld({
      now: () => {
        time += 1
        return time
      },
    })
    const ids: string[] = []
    for (let count = 0; count < 3; count++) ids.push(idOf(await call('POST /replays', { kind: 'views' })))

    const first = (await call('GET /replays?limit=2')).body as { replays: ReplayJob[]; next: string }
    const second = (await call(`GET /replays?limit=2&next=${first.next}`)).body as typeof first

    expect(first.replays.map(({ id }) => id)).toEqual([ids[2], ids[1]])
    expect([second.replays.map(({ id }) => id), second.next]).toEqual([[ids[0]], null])
    expect(await call('GET /replays?limit=2&next=')).toMatchObject({ status: 200, body: first })
    for (const next of ['broken', ids[0]?.slice(1), `${ids[0]},${ids[1]}`, 'events@1:0=1'])
      expect(await call(`GET /replays?next=${next}`)).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/next' }] },
      })
    expect(await call('GET /replays?limit=0&page=2')).toMatchObject({ status: 400 })
  })

  test('that does not exist is 404', async () => {
    const { call } = createWorld()
    expect(await call('GET /replays/none')).toMatchObject({ status: 404 })
    expect(await call('POST /replays/none/pause')).toMatchObject({ status: 404 })
  })

  test.each([
    'POST /dead-letters/replay',
    'POST /dead-letters/discard',
    'GET /replays',
    'POST /replays',
    'POST /replays/x/cancel',
  ])('is an admin’s: %s', async (route) => {
    const { call } = createWorld()
    expect(await call(route, {}, {} as ReturnType<typeof keyOf>)).toMatchObject({ status: 401 })
    expect(await call(route, {}, keyOf('operator'))).toMatchObject({ status: 403 })
  })
})
