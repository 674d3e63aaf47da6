import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { preparePublish } from '../testing/prepare-publish.ts'

const { file, publish, stack, start, use } = preparePublish()

describe('what the server answers', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, n) => `{"type":"t","data":${n}}`).join('\n')

  it('sends the good events of a batch without the refused ones and names their lines', async () => {
    await use({
      decide: ({ events }) => {
        const errors = events.flatMap(({ data }, index) =>
          data === 1 || data === 3 ? [{ index, pointer: '/data', detail: 'is odd' }] : [],
        )
        return errors.length > 0 ? { status: 422, body: { errors } } : null
      },
    })
    const ran = await publish([file('in.ndjson', lines(5)), '--json'])
    expect(ran.code).toBe(1)
    expect(ran.stderr).toBe('refused: line 2 /data: is odd\nrefused: line 4 /data: is odd\n')
    expect(JSON.parse(ran.stdout)).toMatchObject({
      records: 5,
      published: 3,
      refused: 2,
      topics: { events: { 0: 3 } },
      refusals: [
        { at: 'line 2', detail: '/data: is odd' },
        { at: 'line 4', detail: '/data: is odd' },
      ],
    })
    expect(stack().accepted.map(({ data }) => data)).toEqual([0, 2, 4])
  })
  it('finds the refused event by halves when the answer does not name it', async () => {
    await use({
      decide: ({ events }) =>
        events.some(({ data }) => data === 5) ? { status: 413, body: { detail: 'is too large' } } : null,
    })
    const ran = await publish([file('in.ndjson', lines(9))])
    expect(ran).toMatchObject({ code: 1, stderr: 'refused: line 6 is too large\n' })
    expect(stack().accepted.map(({ data }) => data)).toEqual([0, 1, 2, 3, 4, 6, 7, 8])
  })
  it('tries again after 503, 429 with Retry-After and a broken connection', async () => {
    const answers = [{ status: 503 }, { status: 429, headers: { 'retry-after': '1' } }, 'drop'] as const
    const times: number[] = []
    await use({
      decide: (_, index) => {
        times.push(Date.now())
        return answers[index] ?? null
      },
    })
    const ran = await publish([file('in.ndjson', lines(3))])
    expect(ran.code).toBe(0)
    expect(stack().accepted).toHaveLength(3)
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(1000)
    expect(ran.stderr).toMatch(
      /answered 503; trying again in .*\n.*answered 429; trying again in .*\n.*trying again/,
    )
  })
  it('gives up when a batch is not accepted in time, and says what was published', async () => {
    await use({
      decide: (_, index) => (index === 0 ? null : { status: 503, headers: { 'retry-after': '30' } }),
    })
    const ran = await publish([file('in.ndjson', lines(600)), '--timeout', '2'])
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('published 500 of 600 records (0 refused)')
    expect(ran.stderr).toContain('did not accept a batch within 2 s (it answered 503)')
  })
  it('ends reading a silent stdin when the server refuses', async () => {
    await use({ decide: () => ({ status: 401 }) })
    const stdin = new PassThrough()
    stdin.write('{"type":"a"}\n')
    const ran = await publish(['-'], { stdin })
    expect(ran).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('the API key was refused'),
    })
    expect(stack().requests).toHaveLength(1)
  })
  it('waits for a stack that restarts in the middle', async () => {
    const { port } = new URL(stack().url)
    const stdin = new PassThrough()
    const running = start(['-'], { stdin })
    stdin.write('{"type":"a"}\n')
    await expect.poll(() => stack().accepted.length).toBe(1)
    await stack().stop()
    stdin.end('{"type":"b"}\n')
    await expect.poll(running.stderr).toContain('trying again')
    await use({ port: Number(port) })
    expect((await running.ended).code).toBe(0)
    expect(stack().accepted.map(({ type }) => type)).toEqual(['b'])
  })
  it('says in one line that nobody answers', async () => {
    await stack().stop()
    const ran = await publish([file('in.ndjson', lines(1))])
    const line = `tidewire: Cannot reach ${stack().url} — is the stack running? Start it with: npm start\n`
    expect(ran).toEqual({ code: 1, stdout: '', stderr: line })
  })
})
