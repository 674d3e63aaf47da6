import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeStack, startFakeStack } from '../testing/fake-stacks.ts'
import { instantClock, type RunOptions, runInProcess, startInProcess } from '../testing/run-in-process.ts'

let stack: FakeStack
beforeEach(async () => {
  stack = await startFakeStack()
})
afterEach(() => stack.stop())

const simulate = (args: readonly string[], options?: RunOptions) =>
  runInProcess(['simulate', ...args, '--url', stack.url], options)
const FAST = ['--rate', 'max', '--begin', '2026-03-01T12:00:00Z']

describe('tidewire simulate', () => {
  it('sends the same events, with the same ids and times, for the same seed and beginning', async () => {
    const args = ['sensors', '--count', '1200', '--json', ...FAST]

    const first = await simulate([...args, '--seed', '7'])
    const sent = stack.requests.flatMap(({ events }) => events)
    const again = await simulate([...args, '--seed', '7'])
    await simulate([...args, '--seed', '8'])

    expect(JSON.parse(first.stdout)).toMatchObject({
      published: 1200,
      refused: 0,
      seed: 7,
      domains: { sensors: 1200 },
    })
    expect(again.code).toBe(0)
    expect(sent).toHaveLength(1200)
    expect(stack.requests.flatMap(({ events }) => events).slice(1200, 2400)).toEqual(sent)
    expect(stack.accepted).toHaveLength(2400)
    expect(sent[4]).toMatchObject({
      specversion: '1.0',
      source: '/tidewire-simulator/sensors',
      type: 'sensor.reading',
      subject: 'tower-5',
      time: '2026-03-01T12:00:02.000Z',
    })
  })

  it('simulates a domain alone as it does beside the others', async () => {
    await simulate(['all', '--count', '800', ...FAST])
    const together = stack.accepted.filter(({ source }) => source === '/tidewire-simulator/blog')
    await stack.stop()
    stack = await startFakeStack()
    await simulate(['blog', '--count', String(together.length), ...FAST])

    expect(together.length).toBeGreaterThan(10)
    expect(stack.accepted).toEqual(together)
  })

  it('without --begin makes new events with each run, dated when they are sent', async () => {
    const clock = instantClock()
    const before = clock.now()
    const args = ['sensors', '--count', '3', '--rate', '20']
    await simulate(args, { clock })
    await simulate(args, { clock })

    expect(stack.accepted).toHaveLength(6)
    for (const { time } of stack.accepted) {
      expect(Date.parse(String(time))).toBeGreaterThanOrEqual(before)
      expect(Date.parse(String(time))).toBeLessThanOrEqual(clock.now())
    }
  })

  it('keeps to a rate and to a speed', async () => {
    const timeOf = async (...args: string[]) => {
      const clock = instantClock()
      const begin = clock.now()
      expect(await simulate(['sensors', ...args], { clock })).toMatchObject({ code: 0 })
      return clock.now() - begin
    }

    expect(await timeOf('--rate', '100', '--count', '31')).toBeCloseTo(300)
    const slow = await timeOf('--rate', '1x', '--count', '130')
    expect(slow).toBeGreaterThan(50_000)
    expect(await timeOf('--rate', '100x', '--count', '130')).toBeCloseTo(slow / 100)
  })

  it('keeps its pace when the clock is set forward or back, and events have the new time', async () => {
    const clock = instantClock()
    const times: number[] = []
    await stack.stop()
    stack = await startFakeStack({
      decide: ({ events }) => {
        if (stack.requests.length === 2) clock.setBy(3_600_000)
        if (stack.requests.length === 4) clock.setBy(-7_200_000)
        times.push(...events.map(({ time }) => Date.parse(String(time)) - clock.now()))
        return null
      },
    })

    const ran = await simulate(['sensors', '--rate', '1', '--count', '300'], { clock })

    expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringContaining('trying again') })
    expect(stack.accepted).toHaveLength(300)
    expect(clock.elapsed()).toBeCloseTo(299_000)
    expect(Math.abs(times.at(-1) ?? Number.NaN)).toBeLessThan(60_000)
  })

  it('stops after the duration', async () => {
    const { code, stdout } = await simulate(['sensors', '--rate', '100x', '--duration', '0.5', '--json'])

    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ published: stack.accepted.length, refused: 0 })
    expect(stack.accepted.length).toBeGreaterThan(0)
  })

  it('waits for a stack that is down, says so, and loses nothing', async () => {
    const { url } = stack
    await stack.stop()
    const running = startInProcess(['simulate', 'blog', '--count', '5', ...FAST, '--url', url])
    await expect.poll(running.stderr).toContain('trying again in')
    stack = await startFakeStack({ port: Number(new URL(url).port) })

    expect(await running.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('5 simulated events'),
    })
    expect(stack.accepted.map(({ id }) => id.split('-').at(-1))).toEqual(['1', '2', '3', '4', '5'])
    expect(running.stderr()).toContain(`${url} responds again`)
  })

  it('ends with what was sent when it is interrupted', async () => {
    const interrupted = new AbortController()
    const running = startInProcess(['simulate', 'sensors', '--rate', '50', '--url', stack.url], {
      signal: interrupted.signal,
    })
    await expect.poll(() => stack.accepted.length).toBeGreaterThan(2)
    interrupted.abort(new Error('interrupted'))

    expect(await running.ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^published \d+ simulated/),
    })
  })

  it('counts what the server refuses and ends with exit code 1', async () => {
    await stack.stop()
    const refusal = { status: 422, body: { errors: [{ index: 1, pointer: '/data', detail: 'is wrong' }] } }
    stack = await startFakeStack({ decide: (_, index) => (index === 0 ? refusal : null) })

    const ran = await simulate(['sensors', '--count', '3', ...FAST])

    expect(ran).toMatchObject({ code: 1, stdout: expect.stringContaining('1 refused') })
    expect(ran.stderr).toMatch(/refused: sensors 1-\w+-2 \/data: is wrong/)
  })

  it.each([
    [
      ['market', '--replay', 'sp500'],
      123,
      { time: '2000-01-01T00:00:00.000Z', data: { symbol: 'SP500', price: 1394.46 } },
    ],
    [
      ['market', '--replay', 'sp500-daily', '--count', '600'],
      600,
      { data: { price: 1455.22, volume: 931_800_000 } },
    ],
    [
      ['sensors', '--replay', 'seattle'],
      2922,
      { time: '2012-01-01T05:00:00.000Z', data: { temperature: 5 } },
    ],
  ])('%j replays the data set with its own times, the same every time', async (args, count, first) => {
    const ran = await simulate([...args, '--rate', 'max'])
    await simulate([...args, '--rate', 'max'])

    expect(ran.code).toBe(0)
    expect(stack.accepted).toHaveLength(count)
    expect(stack.accepted[0]).toMatchObject(first)
  })

  it.each([
    [['cheese'], 'there is no simulator for "cheese"; there are: port, blog, market, sensors, all'],
    [['port', '--replay', 'sp500'], 'tidewire simulate market --replay sp500'],
    [['market', '--replay', 'iris'], 'there are: sp500, sp500-daily, seattle'],
    [['port', '--rate', '0'], 'Give events per second such as 8'],
    [['port', '--rate', 'fast'], 'Give events per second such as 8'],
    [['port', '--begin', 'soon'], 'Give a time such as'],
    [['port', '--seed', '-1'], 'Give a whole number'],
    [['market', '--replay', 'sp500', '--begin', '2026'], 'cannot be used with'],
  ])('ends %j with exit code 2 and the reason', async (args, reason) => {
    expect(await simulate(args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(reason),
    })
    expect(stack.requests).toHaveLength(0)
  })
})
