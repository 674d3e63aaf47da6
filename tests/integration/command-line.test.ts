import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { generate } from 'cognito-local/lib/services/totp.js'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ArchivedRecord, fileKey, packRecords } from '#shared/pipeline/archive/archive-file.ts'
import { describeProgram } from '../../cli/completion/describe-program.ts'
import { createProgram } from '../../cli/create-program.ts'
import { systemClock } from '../../cli/lib/clock.ts'
import { type Ran, type RunOptions, runInProcess } from '../../cli/testing/run-in-process.ts'
import { publish } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { addressOf, callIdentity, initiateAuth, PASSWORD, signIn } from '../support/sign-in.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

const TOPIC = 'events'
const SOURCE = `/command-line/${randomUUID()}`
const EVENT = { specversion: '1.0', source: SOURCE, type: 'port.ship.arrived', data: { shipId: 's-1' } }

let stack: TestStack
let folder: string
let producer: Producer
let receiver: Server
beforeAll(async () => {
  stack = await startStack()
  folder = await mkdtemp(join(tmpdir(), 'tidewire-command-line-'))
  const brokers = (process.env.KAFKA_BROKERS ?? `127.0.0.1:${stack.ports.KAFKA_PORT}`).split(',')
  producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  receiver = createServer((_, response) => response.writeHead(204).end())
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  receiver?.close()
  await producer?.disconnect()
  await stack?.dispose()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a command against the stack, with the one address that people give. */
const run = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  runInProcess(args, {
    ...options,
    env: { TIDEWIRE_URL: stack.httpUrl, XDG_CONFIG_HOME: folder, ...options.env },
  })

/** Runs a command that must succeed, and returns what it printed on stdout. */
async function say(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args)
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}
/** The same with `--json`: one object for each line. */
async function read<T>(...args: readonly string[]): Promise<readonly T[]> {
  const text = await say(...args, '--json')
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}
async function readOne<T>(...args: readonly string[]): Promise<T> {
  const [only, ...more] = await read<T>(...args)
  expect(more).toEqual([])
  if (only === undefined) throw new Error(`${args.join(' ')} printed nothing`)
  return only
}

type Letter = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly reason: string
}
type Job = { readonly id: string; readonly status: string }

/** Writes a record that is no event, and returns the position of its dead letter as the command line takes it. */
async function spoil(): Promise<string> {
  const key = randomUUID()
  await producer.send({ topic: TOPIC, messages: [{ key, value: 'no event' }] })
  const letters = () => read<Letter>('dead-letters', '--search', key)
  await expect.poll(async () => (await letters()).length, { timeout: 60_000 }).toBe(1)
  const [letter] = await letters()
  return `${letter?.topic}/${letter?.partition}/${letter?.offset}`
}

/** Begins to send events to a receiver so slowly that it does not end. */
function beginReplay(): Promise<Job> {
  const { port } = receiver.address() as AddressInfo
  const target = ['--to-url', `http://127.0.0.1:${port}/`, '--rate', '1', '--detach']
  return readOne<Job>('replay', '--channel', '**', '--from', '2020-01-01T00:00:00Z', ...target)
}

/** Runs every command at least once. What a command prints for people and as JSON is tested beside its source. */
const CASES: Readonly<Record<string, () => Promise<unknown>>> = {
  publish: async () => {
    const file = join(folder, 'events.ndjson')
    const events = Array.from({ length: 20 }, (_, n) => JSON.stringify({ ...EVENT, id: `e${n}` }))
    await writeFile(file, events.join('\n'))
    expect(await readOne('publish', file)).toMatchObject({ published: 20, refused: 0 })
  },
  tail: async () => {
    const args = ['tail', 'port.**', '--since', 'earliest', '--limit', '20', '--filter', 'type=port.ship.*']
    const ids = (await read<{ event: { id: string } }>(...args)).map(({ event }) => event.id)
    expect(new Set(ids).size).toBe(20)
  },
  simulate: async () => {
    expect(await readOne('simulate', 'sensors', '--count', '5', '--rate', 'max')).toMatchObject({
      published: 5,
    })
  },
  doctor: async () => {
    // The views may still be behind what was published: that is no failure.
    const { ok, checks } = await readOne<{ ok: boolean; checks: { check: string; status: string }[] }>(
      'doctor',
    )
    expect({ ok, failed: checks.filter(({ status }) => status === 'fail') }).toEqual({ ok: true, failed: [] })
    expect(checks.filter(({ status }) => status === 'skipped')).toEqual([])
  },
  cost: async () => {
    const { total } = await readOne<{ total: number }>('cost', '--events-per-second', '1', '--viewers', '20')
    expect(total).toBeGreaterThan(0)
  },
  topics: async () => {
    expect((await read<{ name: string }>('topics')).map(({ name }) => name)).toContain('port-events')
    expect(await readOne('topics', 'port-events')).toMatchObject({ name: 'port-events' })
  },
  replay: async () => {
    expect(await readOne('replay', '--views', '--topic', 'port-events')).toMatchObject({
      kind: 'views',
      status: 'done',
    })
  },
  'replay list': async () => {
    expect(await read('replay', 'list', '--limit', '1')).toMatchObject([{ kind: 'views', status: 'done' }])
  },
  'replay show': async () => {
    const [{ id } = { id: '' }] = await read<Job>('replay', 'list', '--limit', '1')
    expect(await say('replay', 'show', id, '--follow')).toContain(`replay ${id} is done: `)
  },
  'replay pause': async () => {
    const { id } = await beginReplay()
    expect(await readOne('replay', 'pause', id)).toMatchObject({ id, status: 'paused' })
  },
  'replay resume': async () => {
    const { id } = await beginReplay()
    await say('replay', 'pause', id)
    expect(['waiting', 'running']).toContain((await readOne<Job>('replay', 'resume', id)).status)
    await say('replay', 'cancel', id)
  },
  'replay cancel': async () => {
    const { id } = await beginReplay()
    expect(await readOne('replay', 'cancel', id)).toMatchObject({ id, status: 'cancelled' })
  },
  'dead-letters': async () => {
    const at = await spoil()
    expect(await say('dead-letters', '--topic', TOPIC)).toContain(at)
  },
  'dead-letters show': async () => {
    expect(await say('dead-letters', 'show', await spoil(), '--as', 'hex')).toContain('|no event|')
  },
  'archive replay': async () => {
    const ids: readonly string[] = [randomUUID(), randomUUID()]
    const { specversion: _, ...plain } = EVENT
    // The first one is in the log, without the time and the category that the server fills in.
    await publish(stack.httpUrl, { ...plain, id: ids[0] })
    const found = async () => {
      const { events } = (await (
        await fetch(`${stack.httpUrl}/events?channels=port.**&limit=500`, {
          headers: { 'x-api-key': 'local-dev-key' },
        })
      ).json()) as { events: { event: { id: string; time: string } }[] }
      return events.map(({ event }) => event).filter(({ id }) => ids.includes(id))
    }
    await expect.poll(async () => (await found()).length, { timeout: 60_000 }).toBe(1)
    const [stored] = await found()
    const time = '2026-01-02T03:04:05.678Z'
    const lines = [stored, { ...stored, id: ids[1], time }].map((event, offset) => ({
      topic: 'container-events',
      partition: 0,
      offset,
      timestamp: offset,
      event,
    }))
    const file = join(folder, fileKey({ topic: 'port-events', partition: 0, first: 0, last: 1 }))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, packRecords(lines as ArchivedRecord[]))
    expect(await readOne('archive', 'replay', folder, '--dry-run')).toMatchObject({ count: 2 })
    expect(await readOne('archive', 'replay', folder, '--yes')).toMatchObject({ published: 1, known: 1 })
    await expect
      .poll(async () => (await found()).map((event) => event.time), { timeout: 60_000 })
      .toEqual(expect.arrayContaining([stored?.time, time]))
  },
  'dead-letters replay': async () => {
    const at = await spoil()
    expect(await readOne('dead-letters', 'replay', at, '--dry-run')).toMatchObject({ count: 1 })
    expect(await readOne('dead-letters', 'replay', at, '--yes')).toMatchObject({ status: 'done', done: 1 })
  },
  'dead-letters mend': async () => {
    const at = await spoil()
    const id = randomUUID()
    const file = join(folder, 'mended.json')
    await writeFile(file, JSON.stringify({ ...EVENT, id, type: 'shop.order.placed', category: 'shop.order' }))
    expect(await readOne('dead-letters', 'mend', at, '--event', file)).toMatchObject({
      status: 'done',
      done: 1,
    })
    const tail = () => run(['tail', 'shop.**', '--since', 'earliest', '--limit', '1', '--json'])
    expect((await tail()).stdout).toContain(id)
    expect(await readOne('dead-letters', 'show', at)).toMatchObject({ status: 'replayed' })
  },
  'dead-letters discard': async () => {
    const at = await spoil()
    const args = ['discard', at, '--reason', 'a test', '--yes']
    expect(await readOne('dead-letters', ...args)).toMatchObject({ kind: 'discard', status: 'done', done: 1 })
    expect(await readOne('dead-letters', 'show', at)).toMatchObject({ status: 'discarded' })
  },
  audit: async () => {
    const actions = async () =>
      (await read<{ event: { data: { action: string } } }>('audit')).map(({ event }) => event.data.action)
    await expect.poll(actions, { timeout: 60_000 }).toContain('replays.created')
  },
  'keys create': async () => {
    const secret = (await say('keys', 'create', 'shop', '--role', 'viewer')).trim()
    expect((await run(['doctor'], { env: { TIDEWIRE_KEY: secret } })).stdout).toContain('key:shop, viewer')
  },
  'keys list': async () => {
    expect((await read<{ id: string }>('keys', 'list')).map(({ id }) => id)).toContain('shop')
  },
  'keys rotate': async () => {
    expect(await readOne('keys', 'rotate', 'shop', '--grace', '0')).toMatchObject({
      id: 'shop',
      secret: expect.any(String),
    })
  },
  'keys revoke': async () => {
    expect(await readOne('keys', 'revoke', 'shop')).toMatchObject({ id: 'shop', revoked: expect.any(String) })
  },
  'users revoke': async () => {
    const { AccessToken } = await signIn(stack, 'viewer')
    const asViewer = () =>
      run(['tail', 'port.**', '--since', 'earliest', '--limit', '1'], {
        env: { TIDEWIRE_TOKEN: AccessToken },
      })
    expect((await asViewer()).code).toBe(0)
    expect(await readOne('users', 'revoke', addressOf('viewer'))).toMatchObject({ name: addressOf('viewer') })
    await expect.poll(async () => (await asViewer()).code, { timeout: 60_000 }).toBe(4)
  },
  connections: async () => {
    const socket = await openSocket(stack.socketUrl)
    const names = async () =>
      (await read<{ principal: { name: string } }>('connections')).map(({ principal }) => principal.name)
    await expect.poll(names, { timeout: 60_000 }).toContain('key:local-dev')
    await socket.close()
  },
  'connections close': async () => {
    const socket = await openSocket(stack.socketUrl)
    const ids = async () => (await read<{ id: string }>('connections')).map(({ id }) => id)
    await expect.poll(async () => (await ids()).length, { timeout: 60_000 }).toBeGreaterThan(0)
    for (const id of await ids()) await say('connections', 'close', '--', id)
    await expect.poll(ids, { timeout: 60_000 }).toEqual([])
    await socket.close()
  },
  erase: async () => {
    const id = randomUUID()
    const { specversion: _, ...plain } = EVENT
    await publish(stack.httpUrl, { ...plain, id })
    const erase = () => run(['erase', id, '--reason', 'a test', '--yes', '--json'])
    await expect.poll(async () => (await erase()).code, { timeout: 60_000 }).toBe(0)
  },
  'profile set': async () => {
    expect(await readOne('profile', 'set', 'here', '--url', stack.httpUrl)).toMatchObject({
      name: 'here',
      current: true,
    })
  },
  'profile list': async () => {
    expect(await read('profile', 'list')).toMatchObject([{ name: 'here', url: stack.httpUrl }])
  },
  'profile use': async () => {
    await say('profile', 'use', 'here')
    expect((await run(['doctor'], { env: { TIDEWIRE_URL: '' } })).stdout).toContain(
      `${stack.httpUrl} (the profile here)`,
    )
  },
  'profile remove': async () => {
    expect(await readOne('profile', 'remove', 'here')).toEqual({ name: 'here', removed: true })
  },
  'secrets rotate': async () => {
    const stdin = JSON.stringify({ secret: 'the-secret-of-the-stage' })
    const { code, stdout } = await run(['secrets', 'rotate'], { stdin })
    expect(code).toBe(0)
    expect(stdout).toContain('"previous":[{"secret":"the-secret-of-the-stage"')
  },
  token: async () => {
    const args = ['token', '--url', stack.webUrl, '--user', addressOf('viewer'), '--password', PASSWORD]
    const { token } = await readOne<{ token: string }>(...args)
    expect(token.split('.')).toHaveLength(3)

    const secret = await setUpAuthenticator('ann@example.com')
    const own = ['token', '--url', stack.webUrl, '--user', 'ann@example.com', '--password', PASSWORD]
    expect(await run(own)).toMatchObject({ code: 2, stderr: expect.stringContaining('as --code') })
    expect(await run([...own, '--code', '1'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('six digits'),
    })
    const { token: second } = await readOne<{ token: string }>(...own, '--code', generate(secret))
    expect(second.split('.')).toHaveLength(3)
  },
  smoke: async () => {
    const { code, stdout } = await run(['smoke', '--url', stack.webUrl, '--json'])
    const { steps } = JSON.parse(stdout) as { steps: { step: string; status: string }[] }
    expect({ code, failed: steps.filter(({ status }) => status === 'fail') }).toEqual({ code: 0, failed: [] })
  },
  completion: async () => {
    expect(await say('completion', 'bash')).toContain('complete -F _tidewire tidewire')
  },
}

/** Adds a user with an authenticator app. Returns the key that the app makes its codes of. */
async function setUpAuthenticator(Username: string): Promise<string> {
  const user = { UserPoolId: 'local_tidewire', Username }
  await callIdentity(stack, 'AdminCreateUser', { ...user, MessageAction: 'SUPPRESS' })
  await callIdentity(stack, 'AdminSetUserPassword', { ...user, Password: PASSWORD, Permanent: true })
  const { body } = await initiateAuth(stack, 'USER_PASSWORD_AUTH', { USERNAME: Username, PASSWORD })
  const AccessToken = body.AuthenticationResult?.AccessToken
  const associated = await callIdentity(stack, 'AssociateSoftwareToken', { AccessToken })
  const { SecretCode } = associated.body as { readonly SecretCode: string }
  await callIdentity(stack, 'VerifySoftwareToken', { AccessToken, UserCode: generate(SecretCode) })
  return SecretCode
}

/** Commands that only have others below them: they print their help. */
const GROUPS = ['archive', '', 'keys', 'users', 'profile', 'secrets']

const program = createProgram({
  stdin: Readable.from([]),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  env: {},
  clock: systemClock,
  signal: new AbortController().signal,
  setExitCode: () => {},
})
const paths = describeProgram(program).map(({ path }) => path)

test('every command has a case', () => {
  const acting = paths.filter((path) => !GROUPS.includes(path))
  expect(Object.keys(CASES).sort()).toEqual(acting.sort())
})

describe('over the running stack works tidewire', () => {
  test.each(Object.entries(CASES))(
    '%s',
    async (_, works) => {
      await works()
    },
    120_000,
  )

  test.each(GROUPS)('"%s" alone prints the help, and is wrong usage', async (path) => {
    const ran = await run(path === '' ? [] : [path])
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: tidewire') })
  })
})
