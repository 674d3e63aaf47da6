import { Buffer } from 'node:buffer'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { ShownRecord, Streams } from '#shared/core/streams.ts'
import { runInProcess } from '../testing/run-in-process.ts'

const layout = { leader: 1, replicas: [1], inSync: [1] }
const SHIPS = {
  name: 'ships',
  records: 1234,
  recordsPerSecond: 1.5,
  partitions: [
    { partition: 0, earliest: 6, latest: 1200, ...layout },
    { partition: 1, earliest: 0, latest: 40, ...layout },
  ],
}
const FOLD = {
  name: 'fold',
  state: 'Stable',
  members: [{ id: 'm', client: 'c', host: 'h', partitions: [] }],
  lag: 12,
  lagMs: 70_000,
  offsets: [{ topic: 'ships', partition: 0, committed: 1188, end: 1200, lag: 12, lagMs: 70_000 }],
}
const STREAMS: Streams = {
  brokers: [{ id: 1, host: 'localhost', port: 9092, isController: true }],
  topics: [SHIPS],
  groups: [FOLD],
}

const record = (offset: number, more: Partial<ShownRecord> = {}): ShownRecord => ({
  offset,
  timestamp: Date.parse('2026-05-17T08:00:00Z'),
  key: Buffer.from('BOX-1').toString('base64'),
  headers: [],
  size: 2,
  value: Buffer.from('{}').toString('base64'),
  truncated: false,
  event: { specversion: '1.0', id: `e-${offset}`, source: '/s', type: 'ship.arrived' },
  signature: 'signed',
  ...more,
})
const page = (records: readonly ShownRecord[], next: number, latest: number, scanned = records.length) =>
  [200, { records, next, latest, scanned, earliest: 0 }] as const

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Responds with one body after another, and then no more; keeps what was asked. */
async function serve(...responses: readonly (readonly [status: number, body: object])[]) {
  const asked: string[] = []
  const all = Promise.withResolvers<void>()
  server = createServer((request, response) => {
    const found = responses[asked.length]
    asked.push(`${request.method} ${request.url}`)
    if (found === undefined) return all.resolve()
    response.writeHead(found[0], { 'content-type': 'application/json' }).end(JSON.stringify(found[1]))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const run = (args: readonly string[], signal?: AbortSignal) =>
    runInProcess([...args, '--url', url], signal && { signal })
  return { asked, run, all: all.promise }
}
const words = (text: string) => text.split('\n').map((line) => line.trim().split(/ {2,}/))

describe('tidewire topics', () => {
  test('lists topics with their records, rates, groups and largest lag', async () => {
    const { run, asked } = await serve([200, STREAMS])

    const { code, stdout, stderr } = await run(['topics'])

    expect([code, asked]).toEqual([0, ['GET /streams']])
    expect(words(stdout)).toEqual([
      ['TOPIC', 'PARTITIONS', 'RECORDS', 'RECORDS/S', 'GROUPS', 'LARGEST LAG'],
      ['ships', '2', '1,234', '1.5', '1', '12'],
      [''],
    ])
    expect(stderr).toBe('1 topic on 1 broker\n')
  })

  test('lists consumer groups with the age of their lag', async () => {
    const { run } = await serve([200, STREAMS], [200, STREAMS])

    expect(words((await run(['topics', '--groups'])).stdout)).toEqual([
      ['GROUP', 'STATE', 'MEMBERS', 'LAG', 'OLDEST'],
      ['fold', 'Stable', '1', '12', '1 min'],
      [''],
    ])
    expect(JSON.parse((await run(['topics', '--groups', '--json'])).stdout)).toEqual(FOLD)
  })

  test('shows a topic: its partitions, its readers and its own settings', async () => {
    const config = [
      { name: 'cleanup.policy', value: 'delete', isDefault: true },
      { name: 'retention.ms', value: '604800000', isDefault: false },
    ]
    const { run, asked } = await serve([200, { ...SHIPS, config, groups: [FOLD] }])

    const { code, stdout } = await run(['topics', 'ships'])

    expect([code, asked]).toEqual([0, ['GET /streams/ships']])
    expect(stdout).toContain('ships: 1,234 records, 1.5/s in the last minute\n')
    expect(words(stdout)).toEqual(
      expect.arrayContaining([
        ['0', '6', '1200', '1,194', '1', '1/1'],
        ['fold', 'Stable', '1', '12', '1 min'],
        ['retention.ms', '604800000'],
      ]),
    )
    expect(stdout).not.toContain('cleanup.policy')
  })

  test('prints the records from an offset on, and says where to go on', async () => {
    const { run, asked } = await serve(page([record(12), record(13)], 14, 1200))

    const { code, stdout, stderr } = await run([
      'topics',
      'ships',
      '--partition',
      '0',
      '--offset',
      '12',
      '--limit',
      '2',
    ])

    expect([code, asked]).toEqual([0, ['GET /streams/ships/0?offset=12&limit=2']])
    expect(stdout).toBe(
      '12  2026-05-17T08:00:00.000Z  BOX-1  ship.arrived e-12\n13  2026-05-17T08:00:00.000Z  BOX-1  ship.arrived e-13\n',
    )
    expect(stderr).toBe('2 records, go on with --offset 14; the end is 1200\n')
  })

  test('looks through a partition with filters, page after page, to its end', async () => {
    const { run, asked } = await serve(
      page([], 10_000, 12_000, 10_000),
      page([record(11_000)], 12_000, 12_000, 2000),
    )

    const args = [
      'topics',
      'ships',
      '--partition',
      '1',
      '--offset',
      '0',
      '--search',
      'box',
      '--field',
      'data.id=7',
    ]
    const { stdout, stderr } = await run([...args, '--json'])

    expect(asked).toEqual([
      'GET /streams/ships/1?offset=0&limit=20&q=box&field=data.id%3D7',
      'GET /streams/ships/1?offset=10000&limit=20&q=box&field=data.id%3D7',
    ])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([record(11_000)])
    expect(stderr).toBe('')
  })

  test('marks what no consumer can use, and what was erased, without control characters', async () => {
    const poison = record(1, {
      key: null,
      event: null,
      value: Buffer.from('\u001b[2Jpoison').toString('base64'),
      problem: 'not JSON',
    })
    const { run, asked } = await serve(page([poison, record(2, { erased: '2026-05-17T09:00:00Z' })], 3, 3))

    const { stdout, stderr } = await run(['topics', 'ships', '--partition', '0'])

    expect(asked).toEqual(['GET /streams/ships/0?last=20&limit=20'])
    expect(stdout).toBe(
      '1  2026-05-17T08:00:00.000Z  -  \ufffd[2Jpoison  ! not JSON\n2  2026-05-17T08:00:00.000Z  BOX-1  ship.arrived e-2  (erased)\n',
    )
    expect(stderr).toBe('2 records, up to the end\n')
  })

  test('follows a partition until it is interrupted', async () => {
    const { run, asked, all } = await serve(page([record(1)], 2, 2), page([record(2)], 3, 3))
    const interrupted = new AbortController()
    void all.then(() => interrupted.abort())

    const { code, stdout } = await run(
      ['topics', 'ships', '--partition', '0', '--follow'],
      interrupted.signal,
    )

    expect(code).toBe(0)
    expect(stdout.split('\n').map((line) => line.slice(0, 2))).toEqual(['1 ', '2 ', ''])
    expect(asked).toEqual([
      'GET /streams/ships/0?last=20&limit=500',
      'GET /streams/ships/0?offset=2&wait=10&limit=500',
      'GET /streams/ships/0?offset=3&wait=10&limit=500',
    ])
  })

  test.each([
    [['topics', '--partition', '0'], '--partition needs a topic'],
    [['topics', '--follow'], '--follow needs a topic'],
    [['topics', 'ships', '--follow'], 'give --partition as well'],
    [['topics', 'ships', '--groups'], 'leave the topic out'],
    [
      ['topics', 'ships', '--partition', '0', '--offset', '1', '--last', '2'],
      'one of --offset, --time and --last',
    ],
    [['topics', 'ships', '--partition', 'x'], 'whole number'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stderr } = await runInProcess(args)

    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  test('says why the server refuses', async () => {
    const { run } = await serve([404, { detail: 'Kafka has no topic "ship".' }])

    expect(await run(['topics', 'ship'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the topic ship cannot be shown: Kafka has no topic "ship".'),
    })
  })
})
