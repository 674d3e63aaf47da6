import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runInProcess, startInProcess } from '../testing/run-in-process.ts'
import { type FakeStack, startFakeStack } from '../testing/start-fake-stack.ts'

let stack: FakeStack
beforeEach(async () => {
  stack = await startFakeStack()
})
afterEach(() => stack.stop())

const simulate = (args: readonly string[], url = stack.url) =>
  runInProcess(['simulate', ...args, '--url', url])
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
      ...{
        specversion: '1.0',
        source: 'urn:tidewire:simulator:sensors',
        type: 'sensor.reading',
        subject: 'tower-5',
      },
      time: '2026-03-01T12:00:02.000Z',
    })
  })

  it('simulates a domain alone as it does beside the others', async () => {
    await simulate(['all', '--count', '800', ...FAST])
    const together = stack.accepted.filter(({ source }) => source === 'urn:tidewire:simulator:blog')
    await stack.stop()
    stack = await startFakeStack()
    await simulate(['blog', '--count', String(together.length), ...FAST])

    expect(together.length).toBeGreaterThan(10)
    expect(stack.accepted).toEqual(together)
  })

  it('without --begin makes new events with each run, dated when they are sent', async () => {
    const before = Date.now()
    const args = ['sensors', '--count', '3', '--rate', '20']
    await simulate(args)
    await simulate(args)

    expect(stack.accepted).toHaveLength(6)
    for (const { time } of stack.accepted) {
      expect(Date.parse(String(time))).toBeGreaterThanOrEqual(before)
      expect(Date.parse(String(time))).toBeLessThanOrEqual(Date.now())
    }
  })

  it('keeps to a rate and to a speed, and stops after the duration', async () => {
    const begin = performance.now()
    await simulate(['sensors', '--rate', '100', '--count', '31'])
    expect(performance.now() - begin).toBeGreaterThan(290)
    const { stdout } = await simulate(['sensors', '--rate', '100x', '--duration', '0.5', '--json'])

    const { published, seconds } = JSON.parse(stdout) as { published: number; seconds: number }
    expect(published).toBeGreaterThan(40)
    expect(published).toBeLessThanOrEqual(130)
    expect(seconds).toBeLessThan(3)
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
    [['port', '--rate', '0'], 'Give events a second such as 8'],
    [['port', '--rate', 'fast'], 'Give events a second such as 8'],
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
