import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { instantClock, runInProcess } from '../testing/run-in-process.ts'

const CONNECTION = {
  id: 'c1=',
  principal: { name: 'ada@example.com', kind: 'user', role: 'operator' },
  connected: '2026-05-17T07:48:00.000Z',
  expires: '2026-05-17T09:00:00.000Z',
  address: '192.0.2.7',
  subscriptions: [
    { id: 's1', channels: ['port.*', 'blog.*'], behind: false },
    { id: 's2', channels: ['market.**'], behind: true },
  ],
  framesPerSecond: 1.2,
  eventsPerSecond: 8,
  lagMs: 7100,
}
const LIVE = { ...CONNECTION, id: 'c2=', subscriptions: [], lagMs: 0 }

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Responds with one body after another; keeps what was asked. */
async function serve(...responses: readonly (readonly [status: number, body: object])[]) {
  const asked: string[] = []
  server = createServer((request, response) => {
    const [status, body] = responses[asked.length] ?? [500, {}]
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const run = (...args: readonly string[]) => runInProcess([...args, '--url', url], { clock: instantClock() })
  return { asked, run }
}

describe('tidewire connections', () => {
  test('lists who is connected, with age, lag, rates and channels', async () => {
    const { run } = await serve([200, { connections: [CONNECTION, LIVE], total: 2, next: null }])

    const { code, stdout, stderr } = await run('connections')

    expect(code).toBe(0)
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ID', 'PRINCIPAL', 'ROLE', 'AGE', 'LAG', 'FRAMES/S', 'EVENTS/S', 'ADDRESS', 'CHANNELS'],
      [
        'c1=',
        'ada@example.com',
        'operator',
        '12 min',
        '7 s',
        '1.2',
        '8',
        '192.0.2.7',
        'port.*,blog.* market.** (behind)',
      ],
      ['c2=', 'ada@example.com', 'operator', '12 min', 'live', '1.2', '8', '192.0.2.7', '-'],
      [''],
    ])
    expect(stderr).toBe('2 of 2 open connections\n')
  })

  test('reads pages up to the limit, and says that there are more', async () => {
    const page = (next: string | null) => ({ connections: [CONNECTION], total: 300, next })
    const { run, asked } = await serve([200, page('p2')], [200, page('p3')])

    const { stdout, stderr } = await run(
      'connections',
      '--limit',
      '2',
      '--principal',
      'a b',
      '--search',
      'x',
      '--json',
    )

    expect(asked).toEqual([
      'GET /connections?principal=a+b&q=x&limit=2',
      'GET /connections?principal=a+b&q=x&limit=1&next=p2',
    ])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([CONNECTION, CONNECTION])
    expect(stderr).toBe('')
  })

  test('close names the connection in the path, and says that it is closed', async () => {
    const { run, asked } = await serve([202, { id: 'c1=' }], [202, { id: 'c1=' }])

    expect((await run('connections', 'close', 'c1=')).stdout).toBe('c1= is closed\n')
    expect((await run('connections', 'close', 'c1=', '--json')).stdout).toBe('{"id":"c1="}\n')
    expect(asked).toEqual(['DELETE /connections/c1%3D', 'DELETE /connections/c1%3D'])
  })

  test.each([
    [404, 'There is no open connection with this id.', 1],
    [403, 'The role viewer may not do this.', 4],
  ])('ends with the reason when the server returns %i', async (status, detail, code) => {
    const { run } = await serve([status, { detail }])

    expect(await run('connections', 'close', 'c1')).toEqual({
      code,
      stdout: '',
      stderr: expect.stringContaining(`the connection cannot be closed: ${detail}`),
    })
  })

  test.each([
    [['--limit', '0'], 'at least 1'],
    [['close'], '(see: tidewire connections close --help)'],
  ])('ends %j with exit code 2', async (args, reason) => {
    expect(await runInProcess(['connections', ...args])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(reason),
    })
  })
})
