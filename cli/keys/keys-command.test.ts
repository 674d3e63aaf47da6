import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { runInProcess } from '../testing/run-in-process.ts'

const KEY = {
  id: 'shop',
  name: 'key:shop',
  role: 'publisher',
  scopes: ['publish:shop.**'],
  created: '2026-05-17T08:00:00.000Z',
  createdBy: 'ada',
}
const LINE = 'shop  publisher  publish:shop.**  created 2026-05-17T08:00:00.000Z by ada, never used\n'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Responds to every request alike; keeps what was asked. */
async function serve(status: number, body: object) {
  const asked: unknown[] = []
  server = createServer(async (request, response) => {
    const sent = await text(request)
    asked.push([`${request.method} ${request.url}`, sent === '' ? null : JSON.parse(sent)])
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, run: (...args: readonly string[]) => runInProcess([...args, '--url', url]) }
}

describe('tidewire keys', () => {
  test('create prints nothing but the secret on stdout', async () => {
    const { run, asked } = await serve(201, { ...KEY, secret: 'tw_s' })

    const args = ['--scope', 'publish:shop.**', '--expires', '2027-01-01T00:00:00Z']
    const ran = await run('keys', 'create', 'shop', '--role', 'publisher', ...args)

    expect(ran).toEqual({ code: 0, stdout: 'tw_s\n', stderr: `${LINE}The secret is shown only now:\n` })
    const { id, role, scopes } = KEY
    expect(asked).toEqual([['POST /keys', { id, role, scopes, expires: '2027-01-01T00:00:00Z' }]])
  })

  test('list prints a table, or a line of JSON for each key', async () => {
    const revoked = { ...KEY, lastUsed: KEY.created, revoked: KEY.created }
    const { run } = await serve(200, { keys: [KEY, revoked] })

    expect((await run('keys', 'list')).stdout).toBe(
      'ID    ROLE       SCOPES           CREATED                      LAST USED             STATE\n' +
        'shop  publisher  publish:shop.**  2026-05-17T08:00:00Z by ada  never                 valid\n' +
        'shop  publisher  publish:shop.**  2026-05-17T08:00:00Z by ada  2026-05-17T08:00:00Z  REVOKED 2026-05-17T08:00:00Z\n',
    )
    const lines = (await run('keys', 'list', '--json')).stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([KEY, revoked])
  })

  test('rotate and revoke name the key in the path', async () => {
    const { run, asked } = await serve(200, { ...KEY, secret: 'tw_s' })

    expect((await run('keys', 'rotate', 'shop', '--grace', '0', '--json')).stdout).toContain('"tw_s"')
    await run('keys', 'rotate', 'shop')
    expect((await run('keys', 'revoke', 'a/b')).stdout).toBe(LINE)

    expect(asked).toEqual([
      ['POST /keys/shop/rotate', { graceSeconds: 0 }],
      ['POST /keys/shop/rotate', {}],
      ['DELETE /keys/a%2Fb', null],
    ])
  })

  test.each([
    [
      401,
      {},
      4,
      'tidewire: the API key (of the local stack) was refused; give another with --key, --token or a profile\n',
    ],
    [409, { detail: 'There is one.' }, 1, 'tidewire: the key cannot be created: There is one.\n'],
    [500, {}, 1, 'tidewire: the key cannot be created: status 500\n'],
  ])('ends with the reason when the server returns %i', async (status, body, code, stderr) => {
    const { run } = await serve(status, body)

    expect(await run('keys', 'create', 'shop', '--role', 'viewer')).toEqual({ code, stdout: '', stderr })
  })

  test.each([
    [['create', 'shop'], "required option '--role <role>' not specified"],
    [['create', 'shop', '--role', 'owner'], 'Allowed choices are viewer, publisher, operator, admin'],
    [['create', 'shop', '--role', 'viewer', '--scope', 'read:a..b'], 'is not one of <role>'],
    [['create', 'shop', '--role', 'viewer', '--expires', 'soon'], 'Give a time'],
    [['rotate', 'shop', '--grace', '-1'], 'Give a whole number of seconds'],
    [['burn'], "unknown command 'burn'"],
    [['rotate'], '(see: tidewire keys rotate --help)'],
  ])('ends %j with exit code 2', async (args, reason) => {
    expect(await runInProcess(['keys', ...args])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(reason),
    })
  })
})

test('tidewire users revoke says until when sessions have ended', async () => {
  const { run, asked } = await serve(200, { name: 'ada@example.com', since: KEY.created })

  const { stdout } = await run('users', 'revoke', 'ada@example.com')

  expect(stdout).toBe(`the sessions of ada@example.com from before ${KEY.created} have ended\n`)
  expect(asked).toEqual([['POST /users/ada%40example.com/revoke', null]])
})
