import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { preparePublish } from '../testing/prepare-publish.ts'

const { file, publish, stack, start } = preparePublish()

describe('limits', () => {
  it('keeps batches within 500 events and 900 KB, and refuses an event over 128 KB', async () => {
    const small = Array.from({ length: 1100 }, (_, n) => JSON.stringify({ type: 's', data: n }))
    const large = Array.from({ length: 20 }, (_, n) =>
      JSON.stringify({ type: 'l', data: `${n}${'x'.repeat(100_000)}` }),
    )
    const tooLarge = JSON.stringify({ type: 'x', data: 'x'.repeat(131_072) })
    const longLine = JSON.stringify({ type: 'x', data: 'x'.repeat(2_000_000) })
    const ran = await publish([
      file('in.ndjson', [...small, ...large, tooLarge, longLine, small[0]].join('\n')),
    ])
    expect(Math.max(...stack().requests.map(({ events }) => events.length))).toBe(500)
    expect(Math.max(...stack().requests.map(({ bytes }) => bytes))).toBeLessThanOrEqual(900 * 1024)
    expect(stack().accepted).toHaveLength(1121)
    expect(ran.stderr).toMatch(
      /^refused: line 1121 makes an event of 129 KB.*\nrefused: line 1122 is longer than 1 MB\n$/,
    )
  })
  it('stops after --limit records and keeps to --rate', async () => {
    const stdin = new PassThrough()
    stdin.write('{"type":"a"}\n'.repeat(100))
    const startedAt = performance.now()
    const ran = await publish(['-', '--limit', '21', '--rate', '100'], { stdin })
    expect(ran.stdout).toContain('published 21 of 21 records')
    expect(performance.now() - startedAt).toBeGreaterThan(150)
  })
  it('ends on an interrupt with what was published', async () => {
    const interrupted = new AbortController()
    const stdin = new PassThrough()
    stdin.write('{"type":"a"}\n')
    const running = start(['-'], {
      stdin,
      signal: interrupted.signal,
    })
    await expect.poll(() => stack().accepted.length).toBe(1)
    await sleep(20)
    interrupted.abort(new Error('interrupted'))
    const ran = await running.ended
    expect(ran).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('interrupted; run the same command again'),
    })
    expect(ran.stdout).toContain('published 1 of 1 record ')
  })
})
