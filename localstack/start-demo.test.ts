import { afterEach, describe, expect, it } from 'vitest'
import { startFakeStack } from '../cli/testing/fake-stacks.ts'
import { type DemoRun, keepRunning, startDemo } from './start-demo.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A demo whose runs end when told to, and the pauses between them. */
function supervised() {
  const runs: { end(reason: string): void; say(line: string): void }[] = []
  const pauses: number[] = []
  const lines: string[] = []
  let elapsed = 0
  const run = (say: (line: string) => void): DemoRun => {
    const { promise: ended, resolve: end } = Promise.withResolvers<string>()
    runs.push({ end, say })
    return { ended, stop: async () => end('stopped') }
  }
  const { stop } = keepRunning({
    run,
    log: (line) => lines.push(line),
    clock: {
      elapsed: () => elapsed,
      sleep: async (ms) => {
        pauses.push(ms)
        elapsed += ms
      },
    },
  })
  stops.push(stop)
  const endLast = async (reason: string) => {
    const count = runs.length
    runs.at(-1)?.end(reason)
    await expect.poll(() => runs.length).toBe(count + 1)
  }
  const pass = (ms: number) => {
    elapsed += ms
  }
  return { runs, pauses, lines, endLast, pass, stop }
}

describe('a demo that is kept running', () => {
  it('starts again after it has ended, with pauses that grow, and says why', async () => {
    const { pauses, lines, endLast } = supervised()

    for (let run = 0; run < 8; run++) await endLast('the answer names 0 positions for 1 events')

    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    expect(lines[0]).toBe(
      'the demo ended (the answer names 0 positions for 1 events); it starts again in 1 s',
    )
  })

  it('begins with the first pause again after a run that lasted', async () => {
    const { pauses, endLast, pass } = supervised()
    for (let run = 0; run < 3; run++) await endLast('failed')
    pass(3_600_000)
    await endLast('failed')

    expect(pauses).toEqual([1000, 2000, 4000, 1000])
  })

  it('says once that it waits for the stack, and that it goes on', () => {
    const { runs, lines } = supervised()
    const [run] = runs
    for (const line of ['x: it answered 503; trying again in 0.2 s', 'x: no answer; trying again in 0.4 s'])
      run?.say(line)
    run?.say('12 events published, 5/s')
    run?.say('x responds again')
    run?.say('x responds again')

    expect(lines).toEqual([
      'the demo waits: the stack does not accept events (it answered 503); it goes on by itself',
      'the demo goes on',
    ])
  })

  it('does not start again once it is stopped', async () => {
    const { runs, lines, stop } = supervised()
    await stop()

    expect(runs).toHaveLength(1)
    expect(lines).toEqual([])
  })
})

describe('the demo', () => {
  it('goes on after responses that say nothing of its events, and after an outage', {
    timeout: 60_000,
  }, async () => {
    const lines: string[] = []
    const odd = { status: 200, body: { errorMessage: 'Task timed out after 10.00 seconds' } }
    const stack = await startFakeStack({
      decide: (_, index) => (index === 0 ? odd : index === 1 ? { status: 503 } : null),
    })
    stops.push(stack.stop)
    const demo = await startDemo({ httpUrl: stack.url, apiKey: 'key', log: (line) => lines.push(line) })
    stops.push(demo.stop)

    await expect.poll(() => stack.accepted.length, { timeout: 50_000 }).toBeGreaterThan(2)
    expect(lines.join('\n')).toContain('the demo waits: ')
    expect(lines.at(-1)).toBe('the demo goes on')
  })
})
