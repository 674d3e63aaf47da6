import { afterEach, describe, expect, test } from 'vitest'
import { type FakeApi, type Routes, startFakeApi } from '../testing/fake-api.ts'
import { instantClock, type RunOptions, runInProcess } from '../testing/run-in-process.ts'

const job = (more: object = {}) => ({
  id: 'r1',
  kind: 'views',
  status: 'waiting',
  by: 'key:ops',
  created: Date.parse('2026-05-17T08:00:00Z'),
  changed: Date.parse('2026-05-17T08:00:00Z'),
  rate: 100,
  total: 1200,
  done: 0,
  skipped: 0,
  failed: 0,
  request: {},
  ...more,
})
const CREATED: Routes = {
  'POST /replays': { status: 202, body: job() },
  'GET /replays/r1': (earlier) => ({
    body: earlier === 0 ? job({ status: 'running', done: 500 }) : job({ status: 'done', done: 1200 }),
  }),
}
const EVENTS = ['--channel', 'port.**', '--from', '2026-05-17T00:00:00Z']

let api: FakeApi | undefined
afterEach(() => api?.stop())

async function run(routes: Routes, args: readonly string[], options: RunOptions = {}) {
  api = await startFakeApi(routes)
  return runInProcess(['replay', ...args, '--url', api.url], { clock: instantClock(), ...options })
}
const sent = () => api?.asked.filter(({ route }) => route === 'POST /replays').map(({ body }) => body)

describe('tidewire replay', () => {
  test('rebuilds views by a job of the stack, and follows it to its end', async () => {
    const ran = await run(CREATED, ['--views', '--domain', 'port', '--topic', 'port-events', '--accept-loss'])

    expect(ran).toMatchObject({
      code: 0,
      stdout: 'replay r1 is done: 1,200 of 1,200 records folded, 0 skipped, 0 failed\n',
    })
    expect(sent()).toEqual([{ kind: 'views', domains: ['port'], topics: ['port-events'], acceptLoss: true }])
  })

  test('sends a range of events to a URL, and shows the secret once', async () => {
    const created = job({ kind: 'events', secret: 'whsec_x' })
    const more = ['--to', '2026-05-18T00:00:00Z', '--to-url', 'https://a.example', '--rate', '50', '--json']
    const ran = await run({ ...CREATED, 'POST /replays': { status: 202, body: created } }, [
      ...EVENTS,
      ...more,
    ])

    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('shown only now: whsec_x\n') })
    expect(JSON.parse(ran.stdout)).toMatchObject({ id: 'r1', status: 'done', secret: 'whsec_x' })
    expect(sent()).toEqual([
      {
        kind: 'events',
        channels: ['port.**'],
        from: '2026-05-17T00:00:00Z',
        to: '2026-05-18T00:00:00Z',
        target: { url: 'https://a.example' },
        rate: 50,
      },
    ])
  })

  test('sends a range of events to a connection, and with --detach does not wait', async () => {
    const ran = await run(CREATED, [...EVENTS, '--to-connection', 'c=', '--detach', '--json'])

    expect(JSON.parse(ran.stdout)).toEqual(job())
    expect(sent()).toMatchObject([{ target: { connection: 'c=' } }])
  })

  test('only counts with --dry-run', async () => {
    const body = { count: 1200, byTopic: { 'port-events': 1200 } }
    const ran = await run({ 'POST /replays': { body } }, ['--views', '--dry-run'])

    expect(ran.stdout).toBe('1,200 records; nothing was done\nTOPIC        RECORDS\nport-events    1,200\n')
    expect(sent()).toEqual([{ kind: 'views', dryRun: true }])
  })

  test('lists replays', async () => {
    const replays = [
      job({ status: 'failed', done: 3, skipped: 1, failed: 2 }),
      job({ id: 'r0', status: 'done', done: 1200 }),
    ]
    const pages = [
      { replays: replays.slice(0, 1), next: 'r1' },
      { replays: replays.slice(1), next: null },
    ]
    const ran = await run({ 'GET /replays': (earlier) => ({ body: pages[earlier] }) }, ['list'])

    expect(ran.stdout).toBe(
      'ID  KIND   STATUS  CREATED               BY                 DONE  FAILED\n' +
        'r1  views  failed  2026-05-17T08:00:00Z  key:ops      4 of 1,200       2\n' +
        'r0  views  done    2026-05-17T08:00:00Z  key:ops  1,200 of 1,200       0\n',
    )
    expect(ran.stderr).toBe('2 replays\n')
  })

  test('shows one, and follows it when asked', async () => {
    expect((await run(CREATED, ['show', 'r1'])).stdout).toBe(
      'replay r1 is running: 500 of 1,200 records folded, 0 skipped, 0 failed\n',
    )
    expect((await run(CREATED, ['show', 'r1', '--follow', '--json'])).stdout).toContain('"status":"done"')
  })

  test('says once that a replay is paused, and how it goes on', async () => {
    const statuses = ['running', 'paused', 'paused', 'done']
    const routes: Routes = {
      'GET /replays/r1': (earlier) => ({ body: job({ status: statuses[earlier] ?? 'done' }) }),
    }

    expect((await run(routes, ['show', 'r1', '--follow'])).stderr).toBe(
      'paused; continue with: tidewire replay resume r1\n',
    )
  })

  test.each(['pause', 'resume', 'cancel'])('%s steers one', async (move) => {
    const { code, stdout } = await run({ [`POST /replays/r1/${move}`]: { status: 202, body: job() } }, [
      move,
      'r1',
      '--json',
    ])

    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(job())
  })

  test('ends with exit code 1 and the reason when it fails', async () => {
    const routes = {
      ...CREATED,
      'GET /replays/r1': { body: job({ status: 'failed', error: 'Kafka has lost records' }) },
    }

    expect(await run(routes, ['--views'])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/failed: .*: Kafka has lost records\n$/),
    })
  })

  test.each([
    [[], 'give what to replay: --views, or --channel'],
    [['--views', '--channel', 'port.**'], '--views cannot be used with --channel'],
    [[...EVENTS, '--to-url', 'https://a', '--domain', 'port'], '--domain is of --views'],
    [['--channel', 'port.**', '--to-url', 'https://a'], '--channel needs --from'],
    [EVENTS, '--channel needs --to-url or --to-connection'],
    [['--channel', 'a..b'], 'has an empty segment'],
    [[...EVENTS, '--to-url', 'https://a', '--to-connection', 'c'], 'cannot be used with'],
    [['show'], "missing required argument 'id'"],
  ])('ends %j with exit code 2', async (args, reason) => {
    expect(await runInProcess(['replay', ...args])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(reason),
    })
  })
})
