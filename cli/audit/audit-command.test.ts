import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type RunOptions, runInProcess } from '../testing/run-in-process.ts'
import { formatEntry } from './show-audit.ts'

const entry = (offset: number, data: object = {}) => ({
  topic: 'tidewire-audit',
  partition: 0,
  offset,
  event: {
    specversion: '1.0' as const,
    id: `a${offset}`,
    source: 'urn:tidewire:audit',
    type: 'tidewire.audit.refused',
    subject: 'ada',
    time: '2026-05-17T08:00:00.000Z',
    data: {
      action: 'refused',
      outcome: 'refused',
      principal: { kind: 'user', name: 'ada', role: 'viewer' },
      address: '203.0.113.7',
      target: 'GET /keys',
      reason: 'no',
      ...data,
    },
  },
})

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Responds to each request with the next answer; keeps what was asked. */
async function serve(...answers: readonly { readonly status: number; readonly body: object }[]) {
  const asked: string[] = []
  server = createServer((request, response) => {
    const { status, body } = answers[asked.length] ?? { status: 500, body: {} }
    asked.push(request.url ?? '')
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const run = (args: readonly string[], options?: RunOptions) =>
    runInProcess(['audit', ...args, '--url', url], options)
  return { run, asked }
}

describe('tidewire audit', () => {
  test('prints the entries oldest first, over as many pages as it takes', async () => {
    const { run, asked } = await serve(
      { status: 200, body: { events: [entry(3), entry(2)], next: 'n1' } },
      { status: 200, body: { events: [entry(1)], next: null } },
    )

    const { code, stdout } = await run([
      '--json',
      '--limit',
      '3',
      '--outcome',
      'refused',
      '--action',
      'key.*',
    ])

    expect(code).toBe(0)
    const printed = stdout.trim().split('\n')
    expect(printed.map((line) => JSON.parse(line).offset)).toEqual([1, 2, 3])
    expect(asked[0]).toBe('/audit?outcome=refused&action=key.*&limit=3')
    expect(asked[1]).toContain('limit=1&next=n1')
  })

  test('says in one line what an entry is', async () => {
    const { run } = await serve({ status: 200, body: { events: [entry(1, { omitted: 4 })], next: null } })

    expect((await run([])).stdout).toBe(
      '2026-05-17T08:00:00.000Z  refused  refused  ada (viewer)  203.0.113.7  GET /keys  no  and 4 more before\n',
    )
  })

  test.each([
    [
      401,
      {},
      4,
      'tidewire: the API key (of the local stack) was refused; give another with --key, --token or a profile\n',
    ],
    [403, { detail: 'not yours' }, 4, 'tidewire: the audit trail cannot be read: not yours\n'],
  ])('ends with the reason when the server returns %i', async (status, body, code, stderr) => {
    const { run } = await serve({ status, body })

    expect(await run([])).toEqual({ code, stdout: '', stderr })
  })

  test.each([
    [['--outcome', 'perhaps'], 'Allowed choices are done, refused'],
    [['--from', 'yesterday'], 'Give a time'],
    [['--action', 'a..b'], 'has an empty segment'],
  ])('ends %j with exit code 2', async (args, reason) => {
    expect(await runInProcess(['audit', ...args])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(reason),
    })
  })
})

test('an entry prints no control character, so that no sender can change the terminal', () => {
  const hostile = '\u001b[2J\u202e\n'

  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  expect(formatEntry(entry(1, { target: hostile, reason: hostile }))).not.toMatch(/[\u0000-\u001f\u202e]/)
})
