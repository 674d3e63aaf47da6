import { afterEach, describe, expect, test } from 'vitest'
import { VERSION } from '#shared/core/version.ts'
import { type FakeApi, type Routes, startFakeApi } from '../testing/fake-api.ts'
import { instantClock, type RunOptions, runInProcess } from '../testing/run-in-process.ts'
import type { Finding } from './finding.ts'

const NOW = '2026-05-17T08:00:00Z'
const health = (more: object = {}) => ({
  body: { status: 'ok', version: VERSION, topics: ['port-events'], ...more },
  headers: { date: new Date(NOW).toUTCString() },
})
const ADMIN = {
  name: 'key:local-dev-key',
  kind: 'key',
  role: 'admin',
  actions: ['read', 'streams.list', 'dead-letters.read'],
}
const partitions = [{ replicas: [0], inSync: [0] }]
const STREAMS = {
  brokers: [{ id: 0 }],
  topics: [{ name: 'port-events', partitions }],
  groups: [{ name: 'deliver', state: 'Stable', members: [{}], lag: 0, lagMs: 0 }],
}
const HEALTHY: Routes = {
  'GET /users/me': { body: ADMIN },
  'POST /tickets': { status: 201, body: { ticket: 't' } },
  'GET /streams': { body: STREAMS },
  'GET /dead-letters': { body: { deadLetters: [], next: null } },
  'GET /stats': { body: { eventsPerSecond: 4.5, connections: 2 } },
}

let api: FakeApi | undefined
afterEach(() => api?.stop())

/** Examines a stack with these routes besides those of a healthy one. */
async function examine(
  routes: Routes = {},
  {
    args = ['--json'],
    hasSockets = true,
    ...options
  }: RunOptions & { args?: string[]; hasSockets?: boolean } = {},
) {
  const own: Routes = { 'GET /health': () => health({ socketUrl: api?.url.replace('http', 'ws') }) }
  api = await startFakeApi({ ...own, ...HEALTHY, ...routes }, { hasSockets })
  const ran = await runInProcess(['doctor', '--url', api.url, ...args], { clock: instantClock(), ...options })
  const { ok, checks } = args.includes('--json')
    ? (JSON.parse(ran.stdout) as { ok: boolean; checks: readonly Finding[] })
    : { ok: null, checks: [] }
  return { ...ran, ok, of: (check: string) => checks.find((each) => each.check === check) }
}

describe('tidewire doctor', () => {
  test('finds nothing wrong with a healthy stack', async () => {
    const { code, stdout, stderr } = await examine({}, { args: [] })

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
      ['ok', 'configuration'],
      ['ok', 'http'],
      ['ok', 'versions'],
      ['ok', 'clock'],
      ['ok', 'credentials'],
      ['ok', 'websocket'],
      ['ok', 'kafka'],
      ['ok', 'consumers'],
      ['ok', 'dead letters'],
      ['ok', 'traffic'],
      [''],
    ])
  })

  test('ends with exit code 1 and what to do when the stack cannot be reached', async () => {
    const { code, stdout } = await runInProcess(['doctor', '--url', 'http://127.0.0.1:9'])

    expect(code).toBe(1)
    expect(stdout).toContain('fail     http           Cannot reach http://127.0.0.1:9')
    expect(stdout).toContain('-> start the stack, or change the address (--url)')
  })

  const group = (more: object) => ({ body: { ...STREAMS, groups: [{ ...STREAMS.groups[0], ...more }] } })
  test.each<[string, Finding['status'], string, Routes]>([
    [
      'http',
      'fail',
      'GET /health returned 500: the stack cannot read its tables',
      { 'GET /health': { status: 500 } },
    ],
    ['http', 'fail', 'is no Tidewire stack', { 'GET /health': { body: 'hello' } }],
    ['versions', 'warn', 'stack 9.9.9', { 'GET /health': health({ version: '9.9.9' }) }],
    [
      'credentials',
      'fail',
      'the API key (of the local stack) was refused',
      { 'GET /users/me': { status: 401 } },
    ],
    [
      'credentials',
      'warn',
      'ending in 60 min',
      { 'GET /users/me': { body: { ...ADMIN, expires: '2026-05-17T09:00:00Z' } } },
    ],
    ['websocket', 'fail', 'POST /tickets returned 503', { 'POST /tickets': { status: 503 } }],
    ['websocket', 'fail', 'does not name the address of its sockets', { 'GET /health': health() }],
    ['kafka', 'fail', 'GET /streams returned 503', { 'GET /streams': { status: 503 } }],
    ['kafka', 'fail', 'there is no broker', { 'GET /streams': { body: { ...STREAMS, brokers: [] } } }],
    [
      'kafka',
      'fail',
      'the topics port-events are missing',
      { 'GET /streams': { body: { ...STREAMS, topics: [] } } },
    ],
    [
      'kafka',
      'warn',
      'replicas of port-events are behind',
      {
        'GET /streams': {
          body: {
            ...STREAMS,
            topics: [{ name: 'port-events', partitions: [{ replicas: [0, 1], inSync: [0] }] }],
          },
        },
      },
    ],
    ['kafka', 'skipped', 'a version without GET /streams', { 'GET /streams': { status: 404 } }],
    [
      'kafka',
      'skipped',
      'it takes the role operator',
      { 'GET /users/me': { body: { ...ADMIN, actions: ['read'] } } },
    ],
    ['consumers', 'fail', 'nothing consumes for deliver', { 'GET /streams': group({ members: [], lag: 4 }) }],
    [
      'consumers',
      'warn',
      'deliver is 5 records (90 s) behind',
      { 'GET /streams': group({ lag: 5, lagMs: 90_000 }) },
    ],
    ['consumers', 'ok', '1 group, 5 records behind', { 'GET /streams': group({ lag: 5, lagMs: 900 }) }],
    [
      'dead letters',
      'warn',
      '2 open',
      { 'GET /dead-letters': { body: { deadLetters: [{}, {}], next: null } } },
    ],
    [
      'dead letters',
      'fail',
      'the dead letters cannot be listed: status 500',
      { 'GET /dead-letters': { status: 500 } },
    ],
    [
      'traffic',
      'ok',
      '4.5 events/s, 2 connections; the demo is on',
      { 'GET /health': health({ demo: true }) },
    ],
    [
      'traffic',
      'warn',
      'although the demo is on',
      {
        'GET /health': health({ demo: true }),
        'GET /stats': { body: { eventsPerSecond: 0, connections: 1 } },
      },
    ],
  ])('says of %s: %s, %s', async (check, status, detail, routes) => {
    const { code, ok, of } = await examine(routes)

    expect(of(check)).toMatchObject({ status, detail: expect.stringContaining(detail) })
    if (status === 'fail')
      expect({ code, ok, advice: of(check)?.advice }).toEqual({
        code: 1,
        ok: false,
        advice: expect.any(String),
      })
  })

  test.each([
    [-3, 'ok', 'agrees'],
    [60, 'warn', 'this clock is 60 s ahead of that of the stack'],
    [-600, 'fail', 'this clock is 10 min behind that of the stack'],
  ])('compares the clocks: %i s', async (seconds, status, detail) => {
    const clock = instantClock()
    clock.setBy(seconds * 1000)

    const { of } = await examine({}, { clock })

    expect(of('clock')).toMatchObject({ status, detail: expect.stringContaining(detail) })
  })

  test('finds sockets that cannot be opened', async () => {
    const { code, of } = await examine({}, { hasSockets: false })

    expect(code).toBe(1)
    expect(of('websocket')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('cannot be opened'),
    })
  })

  test('never prints a credential', async () => {
    const { stdout } = await examine({}, { args: ['--json', '--key', 'tw_secret'] })

    expect(stdout).not.toContain('tw_secret')
    expect(api?.asked.every(({ headers }) => headers['x-api-key'] === 'tw_secret')).toBe(true)
  })
})
