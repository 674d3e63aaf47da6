import { afterEach, describe, expect, it } from 'vitest'
import type { PositionedEvent } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { type FakeSocketOptions, type FakeSockets, startFakeSockets } from '../testing/fake-stacks.ts'
import { type RunOptions, runInProcess, startInProcess } from '../testing/run-in-process.ts'

let stack: FakeSockets
afterEach(() => stack.stop())

async function use(options: FakeSocketOptions = {}): Promise<void> {
  stack = await startFakeSockets(options)
}
const positioned = (offset: number, more = {}): PositionedEvent => ({
  topic: 't',
  partition: 0,
  offset,
  event: {
    specversion: '1.0',
    id: `${offset}`,
    source: '/s',
    type: 'port.ship',
    category: 'port.ship',
    ...more,
  },
})
const tail = (args: readonly string[], options: RunOptions = {}) =>
  startInProcess(['tail', ...args, '--url', stack.url], options)

describe('tailing', () => {
  it('prints live events as NDJSON until the limit, and states on stderr', async () => {
    await use()
    const running = tail(['port.*', '--json', '--limit', '2'])
    await expect.poll(running.stderr).toContain('live: port.* since latest; Ctrl-C ends\n')
    stack.push([positioned(0), positioned(1), positioned(2)])
    const ran = await running.ended
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([positioned(0), positioned(1)])
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('2 events received\n') })
  })
  it('prints every digit of a number, as JSON and as a line', async () => {
    await use()
    const data = '{"id":820982911946154508,"n":1e400}'
    const event = positioned(0, { data: parseExactJson(data) })
    for (const [offset, format] of [['--json'], []].entries()) {
      const running = tail(['port.*', ...format, '--limit', '1'])
      await expect.poll(running.stderr).toContain('live: port.*')
      stack.push([{ ...event, offset }])
      expect((await running.ended).stdout).toContain(data)
    }
  })
  it('reads the sockets that the stack of the address names, and never those of another stack', async () => {
    await use({ log: [positioned(0)] })
    const other = await startFakeSockets()
    const env = { TIDEWIRE_URL: other.url, TIDEWIRE_SOCKET_URL: other.socketUrl }
    const ran = await tail(['port.ship', '--since', 'earliest', '--limit', '1', '--json'], { env }).ended
    await other.stop()
    expect(JSON.parse(ran.stdout)).toEqual(positioned(0))
    expect(other.asked).toEqual([])
  })
  it('asks for the channels, the filters and the start that were given', async () => {
    await use({ log: [positioned(0, { severity: 'high' })] })
    const filters = [
      '--filter',
      'severity=critical,high',
      '--filter',
      'type=port.*',
      '--filter',
      'subject=a,b',
    ]
    const time = '2026-05-17T08:00:00Z'
    const running = tail(['port.ship', 'market.**', ...filters, '--since', time])
    await expect.poll(() => stack.asked.length).toBe(1)
    expect(stack.asked[0]).toMatchObject({
      channels: ['port.ship', 'market.**'],
      filter: { severity: ['critical', 'high'], type: ['port.*'], subject: ['a,b'] },
      since: time,
    })
    expect(running.stdout()).toBe('')
    stack.push([positioned(1, { severity: 'high', subject: 'a,b' })])
    await expect.poll(running.stdout).toContain('t/0@1')
  })
  it('goes on over a restart of the stack and misses nothing', async () => {
    await use()
    const running = tail(['port.ship', '--json', '--limit', '3'])
    await expect.poll(running.stderr).toContain('live:')
    stack.push([positioned(0)])
    await expect.poll(running.stdout).toContain('"offset":0')
    const { port } = new URL(stack.url)
    await stack.stop()
    await expect.poll(running.stderr).toContain('connect')
    await use({ port: Number(port), log: [positioned(0), positioned(1), positioned(2)] })
    const ran = await running.ended
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).offset),
    ).toEqual([0, 1, 2])
    expect(ran.code).toBe(0)
  })
  it('says that there is a gap', async () => {
    await use({ notRecovered: 'trimmed' })
    const running = tail(['port.ship', '--since', 'earliest'])
    await expect.poll(running.stderr).toContain('gap: older events are no longer kept')
  })
  it('ends on an interrupt with a count and exit code 0', async () => {
    await use()
    const interrupted = new AbortController()
    const running = tail(['port.ship'], { signal: interrupted.signal })
    await expect.poll(running.stderr).toContain('live:')
    interrupted.abort(new Error('interrupted'))
    expect(await running.ended).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('0 events received\n'),
    })
  })
})

describe('refusals', () => {
  it.each([
    [
      401,
      'tidewire: the API key (of the local stack) was refused; give another with --key, --token or a profile\n',
    ],
    [403, 'tidewire: port.ship cannot be followed: not yours\n'],
  ])('ends when the server returns %i', async (status, stderr) => {
    await use({ status })
    expect(await tail(['port.ship']).ended).toEqual({ code: 4, stdout: '', stderr })
  })
  it('ends when the subscription is refused', async () => {
    await use({ refuse: { code: 'forbidden', detail: 'port.ship is not granted' } })
    const stderr = 'tidewire: the server refused the subscription: port.ship is not granted (forbidden)\n'
    expect(await tail(['port.ship']).ended).toEqual({ code: 1, stdout: '', stderr })
  })
  it('says in one line that the stack cannot be reached', async () => {
    await use()
    await stack.stop()
    const { code, stderr } = await tail(['port.ship']).ended
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringMatching(/^tidewire: Cannot reach .*npm start\n$/),
    })
    await use()
  })
  it.each([
    [['port..ship'], 'has an empty segment'],
    [['a', '--since', 'yesterday'], 'neither latest, earliest'],
    [['a', '--filter', 'severity=bad'], 'a severity is critical, high, medium, low, info'],
    [['a', '--filter', 'colour=red'], 'is not severity=…, type=… or subject=…'],
    [['a', '--filter', 'type=a.**.b'], 'the pattern has "**" before its end'],
    [['a', '--limit', 'x'], 'Give a whole number'],
    [[], "missing required argument 'channel'"],
  ])('ends %j with exit code 2', async (args, reason) => {
    await use()
    const ran = await runInProcess(['tail', ...args])
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(reason) })
  })
})
