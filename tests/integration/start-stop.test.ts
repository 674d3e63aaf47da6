import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { domains } from '#shared/domain/catalog.ts'
import { connectToBroker, consumerApis } from '../../localstack/broker/connect-to-broker.ts'
import { get, type Positioned, publish, readLog } from '../support/api.ts'
import { freePorts } from '../support/free-ports.ts'
import { openSocket } from '../support/open-socket.ts'
import { PORTS, spawnStack, startStack, type TestStack } from '../support/start-stack.ts'

const external = process.env.KAFKA_BROKERS !== undefined

describe('starting and stopping', () => {
  const stacks: TestStack[] = []
  const folder = mkdtemp(join(tmpdir(), 'tidewire-ends-'))
  const start = async (args = ['--no-demo']) => {
    const stack = await startStack({ args })
    stacks.push(stack)
    return stack
  }
  afterAll(async () => {
    await Promise.all(stacks.map((stack) => stack.dispose()))
    await rm(await folder, { recursive: true, force: true })
  })
  /** Ports that no other stack has, and a data folder of its own. */
  const apart = async (): Promise<Record<string, string>> => {
    const numbers = await freePorts(PORTS.length)
    const ports = PORTS.map((name, index) => [name, String(numbers[index])])
    return { ...Object.fromEntries(ports), TIDEWIRE_DATA: await folder }
  }

  it('prints every address, and simulates every domain', async () => {
    const stack = await start([])

    await expect.poll(() => stack.output()).toContain('Tidewire is up')
    for (const url of [stack.ports.HTTP_PORT, stack.ports.WS_PORT, stack.ports.WEB_PORT])
      expect(stack.output()).toContain(`:${url}`)
    expect(stack.output()).toMatch(/Demo +every domain is simulated/)
    for (const { name } of domains.filter(({ simulate }) => simulate !== undefined)) {
      const isSimulated = ({ event }: Positioned) => event.source === `/tidewire-simulator/${name}`
      await expect.poll(async () => (await readLog(stack.httpUrl, '**')).some(isSimulated)).toBe(true)
    }
    await askForTopic(`127.0.0.1:${stack.ports.KAFKA_PORT}`, 'evnts')
    await expect.poll(() => stack.output()).toContain('Kafka: a client asks for the topic "evnts"')
    expect(await stack.stop('SIGINT')).toBe(0)
    expect(stack.output()).not.toContain('the demo')
  })

  it('two copies run side by side, each with its own events', async () => {
    const [one, two] = [await start(), await start()]
    await publish(one.httpUrl, { type: 'side.one' })
    await publish(two.httpUrl, { type: 'side.two' })

    await expect.poll(async () => (await readLog(one.httpUrl, 'side.one')).length).toBeGreaterThan(0)
    await expect.poll(async () => (await readLog(two.httpUrl, 'side.two')).length).toBeGreaterThan(0)
    if (!external) expect(await readLog(one.httpUrl, 'side.two')).toEqual([])
  })

  it('Ctrl-C leaves no process and no open port, and accepted events exist after a restart', async () => {
    const stack = await start()
    await publish(stack.httpUrl, { type: 'stop.kept', id: 'kept', source: '/stop' })
    await expect.poll(async () => (await readLog(stack.httpUrl, 'stop.kept')).length).toBeGreaterThan(0)
    const pid = stack.pid()

    const code = await stack.stop('SIGINT')

    expect(code).toBe(0)
    expect(childrenOf(pid)).toEqual([])
    for (const port of Object.values(stack.ports)) expect(await isFree(port)).toBe(true)
    const milliseconds = await stack.start()
    process.stdout.write(`started again within ${(milliseconds / 1000).toFixed(1)} s\n`)
    expect((await readLog(stack.httpUrl, 'stop.kept')).length).toBeGreaterThan(0)
  })

  it('connections of a stack that was killed are not counted after its restart', async () => {
    const stack = await start()
    const sockets = await Promise.all([openSocket(stack.socketUrl), openSocket(stack.socketUrl)])
    sockets[0]?.send({ action: 'subscribe', id: 's1', channels: ['kill.**'], since: 'latest' })
    const connections = async () =>
      (await get<{ connections: number }>(`${stack.httpUrl}/stats`)).json.connections
    await expect.poll(connections).toBe(2)

    await stack.stop('SIGKILL')
    await stack.start()

    expect(await connections()).toBe(0)
    const socket = await openSocket(stack.socketUrl)
    await expect.poll(connections).toBe(1)
    await socket.close()
  })

  it('a port in use gives one clear line and exit code 1', async () => {
    const blocker = createServer()
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', () => resolve()))
    const address = blocker.address()
    const port = typeof address === 'object' && address ? address.port : 0

    const { code, output } = await runToEnd({ HTTP_PORT: String(port) })

    expect(code).toBe(1)
    expect(output.trim()).toMatch(new RegExp(`^Port ${port} is in use\\. .*HTTP_PORT=\\d+ npm start$`))
    blocker.close()
  })

  it('a damaged file gives one line that names it and says what to do, and is not touched', async () => {
    const data = await mkdtemp(join(await folder, 'damaged-'))
    const file = join(data, 'kafka', 'cluster.json')
    await mkdir(join(data, 'kafka'))
    await writeFile(file, '{"clusterId":')

    const { code, output } = await runToEnd({ ...(await apart()), TIDEWIRE_DATA: data })

    expect(code).toBe(1)
    expect(output.trim()).toMatch(
      /^\S+cluster\.json is damaged: .*"npm start -- --fresh" deletes all local data\.$/,
    )
    expect(output).toContain(file)
    expect(await readFile(file, 'utf8')).toBe('{"clusterId":')
  })

  it('a serverless.yml that cannot be resolved, or functions that cannot be loaded, give the reason', async () => {
    const unresolved = await runToEnd({ ...(await apart()), SHARDS: '99' })
    const unloaded = await runToEnd({ ...(await apart()), UNKNOWN_TYPES: 'maybe' })

    expect(unresolved).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^SHARDS=99 is not a whole number from 1 to \d+$/m),
    })
    expect(unloaded).toMatchObject({
      code: 1,
      output: expect.stringMatching(/"tidewire-local-write".* cannot be loaded: .*\n +UNKNOWN_TYPES: /),
    })
  })

  it('invalid settings and unknown flags give a message that says what to do', async () => {
    const settings = await runToEnd({ HTTP_PORT: 'many', WS_PORT: '70000' })
    const flag = await runToEnd({}, ['--nonsense'])

    expect(settings).toMatchObject({
      code: 1,
      output: expect.stringMatching(/HTTP_PORT=many.*\n.*WS_PORT=70000/),
    })
    expect(flag).toMatchObject({ code: 1, output: expect.stringContaining('npm start -- --no-demo') })
  })
})

/** As a producer does before it writes. */
async function askForTopic(broker: string, name: string): Promise<void> {
  const connection = await connectToBroker(broker, 'test')
  await connection.call(consumerApis.metadata, { topics: [{ name }], allowAutoTopicCreation: true })
  connection.close()
}

function runToEnd(
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    let output = ''
    const child = spawnStack(env, args, (text) => {
      output += text
    })
    child.once('close', (code) => resolve({ code, output }))
  })
}

function childrenOf(pid: number): string[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
  } catch {
    return [] // pgrep ends with 1 when there are none
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
