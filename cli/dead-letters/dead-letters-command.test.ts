import { Buffer } from 'node:buffer'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { type FakeApi, type Routes, startFakeApi } from '../testing/fake-api.ts'
import { instantClock, type RunOptions, runInProcess } from '../testing/run-in-process.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const EVENT = { specversion: '1.0', id: '1', source: '/s', type: 'port.ship.arrived', data: { shipId: 7 } }
const letter = (offset: number, more: object = {}) => ({
  topic: 'port-events',
  partition: 0,
  offset,
  timestamp: Date.parse('2026-05-17T08:00:00Z'),
  reason: 'data/shipId must be text',
  code: 'invalid_data',
  consumer: 'deliver',
  attempts: 1,
  found: Date.parse('2026-05-17T08:00:01Z'),
  key: base64('ship-7'),
  value: base64(JSON.stringify(EVENT)),
  truncated: false,
  headers: [{ name: 'content-type', value: base64('application/cloudevents+json') }],
  type: EVENT.type,
  status: 'open',
  ...more,
})
const job = (more: object = {}) => ({
  id: 'r1',
  kind: 'dead-letters',
  status: 'running',
  by: 'key:ops',
  created: 1_779_004_800_000,
  changed: 1_779_004_800_000,
  rate: 100,
  total: 3,
  done: 0,
  skipped: 0,
  failed: 0,
  ...more,
})
const DONE = job({ status: 'done', done: 3 })
const COUNT = { count: 3, byCode: { invalid_data: 3 }, byTopic: { 'port-events': 3 } }
/** A server that counts three letters, and is done with them when it is asked the second time. */
const replayed = (verb: string, ended: object = DONE): Routes => ({
  [`POST /dead-letters/${verb}`]: (earlier) =>
    earlier === 0 ? { body: COUNT } : { status: 202, body: job() },
  'GET /replays/r1': (earlier) => ({ body: earlier === 0 ? job({ done: 1 }) : ended }),
})

let api: FakeApi | undefined
afterEach(() => api?.stop())

async function run(routes: Routes, args: readonly string[], options: RunOptions = {}) {
  api = await startFakeApi(routes)
  return runInProcess(['dead-letters', ...args, '--url', api.url], { clock: instantClock(), ...options })
}
const sent = (route: string) => api?.asked.filter((each) => each.route === route).map(({ body }) => body)

describe('tidewire dead-letters', () => {
  test('lists them as a table, page by page, also over an empty page', async () => {
    const pages = [
      { deadLetters: [letter(9)], next: 'n1' },
      { deadLetters: [], next: 'n2' },
      { deadLetters: [letter(4)], next: null },
    ]
    const ran = await run({ 'GET /dead-letters': (earlier) => ({ body: pages[earlier] }) }, [])

    expect(ran).toEqual({
      code: 0,
      stdout:
        'WRITTEN               POSITION         CODE          CONSUMER  STATUS  TYPE               REASON\n' +
        '2026-05-17T08:00:00Z  port-events/0/9  invalid_data  deliver   open    port.ship.arrived  data/shipId must be text\n' +
        '2026-05-17T08:00:00Z  port-events/0/4  invalid_data  deliver   open    port.ship.arrived  data/shipId must be text\n',
      stderr: '2 dead letters\n',
    })
    expect(api?.asked.map(({ query }) => query.next)).toEqual([undefined, 'n1', 'n2'])
  })

  test('asks for what the options select, and prints JSON', async () => {
    const filter = [
      '--topic',
      'a,b',
      '--code',
      'invalid_data,forged',
      '--consumer',
      'fold',
      '--type',
      'port.*',
    ]
    const more = [
      '--source',
      '/s',
      '--status',
      'open,replayed',
      '--from',
      '2026-05-17T00:00:00Z',
      '--search',
      'ship',
    ]
    const ran = await run({ 'GET /dead-letters': { body: { deadLetters: [letter(9)], next: 'n1' } } }, [
      ...filter,
      ...more,
      '--limit',
      '1',
      '--json',
    ])

    expect(JSON.parse(ran.stdout)).toEqual(letter(9))
    expect(api?.asked[0]?.query).toEqual({
      topic: 'a,b',
      code: 'invalid_data,forged',
      consumer: 'fold',
      type: 'port.*',
      source: '/s',
      status: 'open,replayed',
      from: '2026-05-17T00:00:00Z',
      q: 'ship',
      limit: '1',
    })
  })

  test.each([
    [[], JSON.stringify(EVENT, null, 2)],
    [['--as', 'text'], JSON.stringify(EVENT)],
    [['--as', 'hex'], '00000000  7b 22 73 70 65 63 76 65 72 73 69 6f 6e 22 3a 22  |{"specversion":"|'],
  ])('show %j shows the facts and the value of one', async (args, value) => {
    const routes = { 'GET /dead-letters/port-events/0/9': { body: { ...letter(9), event: EVENT } } }
    const { code, stdout } = await run(routes, ['show', 'port-events/0@9', ...args])

    expect(code).toBe(0)
    expect(stdout).toContain('reason    data/shipId must be text (invalid_data)\n')
    expect(stdout).toContain('found     2026-05-17T08:00:01Z by deliver, after 1 try\n')
    expect(stdout).toContain('header    content-type: application/cloudevents+json\n')
    expect(stdout).toContain(value)
  })

  test('show prints bytes of what is no text, and no control character', async () => {
    const body = {
      ...letter(9),
      value: Buffer.from([0xff, 0x1b]).toString('base64'),
      reason: '\u001b[2J',
      event: null,
    }
    const { stdout } = await run({ 'GET /dead-letters/port-events/0/9': { body } }, [
      'show',
      'port-events/0/9',
    ])

    expect(stdout).toContain('00000000  ff 1b')
    expect(stdout).not.toContain('\u001b')
  })
})

describe('replaying and discarding', () => {
  test('count first, create the job with the same filter, and follow it to its end', async () => {
    const ran = await run(replayed('replay'), ['replay', '--topic', 'a,b', '--rate', '100', '--yes'])

    expect(ran).toMatchObject({
      code: 0,
      stdout: 'replay r1 is done: 3 of 3 dead letters replayed, 0 skipped, 0 failed\n',
    })
    expect(sent('POST /dead-letters/replay')).toEqual([
      { filter: { topic: ['a', 'b'] }, rate: 100, dryRun: true },
      { filter: { topic: ['a', 'b'] }, rate: 100 },
    ])
    expect(sent('GET /replays/r1')).toHaveLength(2)
  })

  test('take positions, and with --detach do not wait', async () => {
    const ran = await run(replayed('replay'), ['replay', 'a/0/1', 'b/2/3', '--yes', '--detach', '--json'])

    expect(JSON.parse(ran.stdout)).toEqual(job())
    const positions = [
      { topic: 'a', partition: 0, offset: 1 },
      { topic: 'b', partition: 2, offset: 3 },
    ]
    expect(sent('POST /dead-letters/replay')?.[1]).toEqual({ filter: { positions } })
    expect(sent('GET /replays/r1')).toEqual([])
  })

  test('only count with --dry-run', async () => {
    const ran = await run(replayed('discard'), ['discard', '--reason', 'a test', '--dry-run'])

    expect(ran.stdout).toBe(
      '3 dead letters to discard; nothing was done\n' +
        'BY     NAME          COUNT\ncode   invalid_data      3\ntopic  port-events       3\n',
    )
    expect(sent('POST /dead-letters/discard')).toEqual([{ filter: {}, reason: 'a test', dryRun: true }])
    const json = await run(replayed('discard'), ['discard', '--reason', 'a test', '--dry-run', '--json'])
    expect(JSON.parse(json.stdout)).toEqual(COUNT)
  })

  test('are refused where nobody can be asked, without --yes', async () => {
    const ran = await run(replayed('replay'), ['replay'])

    expect(ran).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Replay 3 dead letters? Nobody can be asked here: give --yes'),
    })
    expect(sent('POST /dead-letters/replay')).toHaveLength(1)
  })

  test.each([
    ['y\n', 2, 0, 'replay r1 is done'],
    ['n\n', 1, 1, ''],
    ['\n', 1, 1, ''],
  ])('ask on a terminal, and do it only for a yes: %j', async (stdin, posts, code, said) => {
    const ran = await run(replayed('replay'), ['replay'], { stdin, tty: true })

    expect(ran.stderr).toContain('Replay 3 dead letters? [y/N] ')
    expect(ran.code).toBe(code)
    expect(ran.stdout).toContain(said)
    expect(sent('POST /dead-letters/replay')).toHaveLength(posts)
  })

  test('do nothing when nothing matches', async () => {
    const none = { 'POST /dead-letters/replay': { body: { count: 0, byCode: {}, byTopic: {} } } }

    expect(await run(none, ['replay'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no dead letter matches: there is nothing to replay\n',
    })
  })

  test.each([
    [
      job({ status: 'failed', done: 1, error: 'Kafka is away' }),
      'replay r1 is failed: 1 of 3 dead letters replayed, 0 skipped, 0 failed: Kafka is away',
    ],
    [
      job({ status: 'done', done: 2, failed: 1 }),
      'replay r1 is done: 2 of 3 dead letters replayed, 0 skipped, 1 failed',
    ],
  ])('end with exit code 1 when it failed, or a part of it', async (ended, said) => {
    expect(await run(replayed('replay', ended), ['replay', '--yes'])).toMatchObject({
      code: 1,
      stdout: `${said}\n`,
    })
  })

  test('leave the job running when they are interrupted, and say how to follow it', async () => {
    const interrupted = new AbortController()
    const routes: Routes = {
      ...replayed('replay'),
      'GET /replays/r1': () => {
        interrupted.abort(new Error('interrupted'))
        return { body: job() }
      },
    }
    const ran = await run(routes, ['replay', '--yes'], { signal: interrupted.signal })

    expect(ran).toMatchObject({ code: 130, stdout: '' })
    expect(ran.stderr).toContain(
      'goes on without this command; follow it with: tidewire replay show r1 --follow\n',
    )
    expect(api?.asked.some(({ route }) => route.includes('cancel'))).toBe(false)
  })

  test('mend replaces the event of one letter, from a file or stdin', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidewire-mend-'))
    writeFileSync(join(folder, 'event.json'), JSON.stringify(EVENT))
    const routes: Routes = { 'POST /dead-letters/replay': { status: 202, body: DONE } }

    const ran = await run(routes, ['mend', 'port-events/0/9', '--event', join(folder, 'event.json')])
    rmSync(folder, { recursive: true })
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('replay r1 is done') })
    const filter = { positions: [{ topic: 'port-events', partition: 0, offset: 9 }] }
    expect(sent('POST /dead-letters/replay')).toEqual([{ filter, event: EVENT }])

    const piped = await run(routes, ['mend', 'port-events/0/9', '--event', '-', '--json'], {
      stdin: JSON.stringify(EVENT),
    })
    expect(JSON.parse(piped.stdout)).toEqual(DONE)

    const utf16 = Buffer.from(`\ufeff${JSON.stringify({ ...EVENT, subject: 'Zürich' })}`, 'utf16le')
    await run(routes, ['mend', 'port-events/0/9', '--event', '-'], { stdin: Readable.from([utf16]) })
    expect(sent('POST /dead-letters/replay')).toMatchObject([{ event: { subject: 'Zürich' } }])

    const exact = '{"type":"port.ship.arrived","data":{"n":820982911946154508}}'
    await run(routes, ['mend', 'port-events/0/9', '--event', '-'], { stdin: exact })
    const [mended] = sent('POST /dead-letters/replay') ?? []
    expect(JSON.stringify(mended)).toContain(exact)
  })
})

describe('wrong usage', () => {
  test.each([
    [['--code', 'broken'], 'Allowed are undecodable'],
    [['--status', 'done'], 'Allowed are open, replayed, discarded'],
    [['--from', 'yesterday'], 'Give a time'],
    [['--type', 'a..b'], 'has an empty segment'],
    [['show', 'port-events-0-9'], 'Give <topic>/<partition>/<offset>'],
    [['show'], "missing required argument 'position'"],
    [['discard'], "required option '--reason <text>' not specified"],
    [['mend', 'a/0/1'], "required option '--event <file>' not specified"],
    [['replay', '--limit', '3'], '--limit is of the list'],
  ])('ends %j with exit code 2', async (args, reason) => {
    expect(await runInProcess(['dead-letters', ...args])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(reason),
    })
  })

  test.each([
    ['no JSON', '{', 'is no JSON'],
    ['a list', '[]', 'is not one event'],
    [
      'not UTF-8',
      Readable.from([Buffer.from('{"type":"t","subject":"Zürich"}', 'latin1')]),
      'is not UTF-8 at byte 25: save it as UTF-8',
    ],
  ])('mend refuses an event that is %s', async (_, stdin, reason) => {
    expect(await run({}, ['mend', 'a/0/1', '--event', '-'], { stdin })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(reason),
    })
    expect(api?.asked).toEqual([])
  })

  test('what is not granted ends with exit code 4', async () => {
    const ran = await run({ 'GET /dead-letters': { status: 403, body: { detail: 'not yours' } } }, [])

    expect(ran).toEqual({
      code: 4,
      stdout: '',
      stderr: 'tidewire: the dead letters cannot be listed: not yours\n',
    })
  })
})
