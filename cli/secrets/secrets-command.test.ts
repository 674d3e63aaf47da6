import { describe, expect, test } from 'vitest'
import { instantClock, runInProcess } from '../testing/run-in-process.ts'

const STORED = JSON.stringify({ secret: 'the-secret-of-the-stage' })
const run = (stdin: string, ...args: readonly string[]) =>
  runInProcess(['secrets', 'rotate', ...args], { stdin, clock: instantClock() })

describe('tidewire secrets rotate', () => {
  test('prints the secret of stdin with a new one in it', async () => {
    const { code, stdout } = await run(`${STORED}\n`)

    const { secret, since, previous } = JSON.parse(stdout)
    expect([code, since]).toEqual([0, '2026-05-17T08:00:00.000Z'])
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(previous).toEqual([{ secret: 'the-secret-of-the-stage', until: since }])
  })

  test('keeps a previous secret for as long as the stage keeps records, and the audit trail for 90 days', async () => {
    const previous = [{ secret: 'a-secret-of-ninety-days-ago', until: '2026-02-16T08:00:00Z' }]
    const stored = JSON.stringify({ secret: 'the-secret-of-the-stage', previous })
    const kept = async (...args: readonly string[]) =>
      JSON.parse((await run(stored, ...args)).stdout).previous.length

    expect(await kept()).toBe(2)
    expect(await kept('--retention', '7d,tidewire-audit=7d')).toBe(1)
  })

  test.each([
    ['', [], 'is not JSON'],
    ['{}', [], 'at least 16 characters'],
    [JSON.stringify({ secret: 'the-secret-of-the-stage', since: '2026-05-17T07:55:00Z' }), [], 'ten minutes'],
    [STORED, ['--retention', 'week'], 'is not a retention'],
  ])('of %j %j prints nothing but why', async (stdin, args, message) => {
    const { code, stdout, stderr } = await run(stdin, ...args)

    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(message)
  })

  test('shows no secret on a screen', async () => {
    const ran = await runInProcess(['secrets', 'rotate'], { stdin: STORED, tty: true })

    expect(ran).toMatchObject({ code: 2, stdout: '' })
  })
})
