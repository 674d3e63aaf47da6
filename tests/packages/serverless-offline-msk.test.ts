import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePorts } from '../support/free-ports.ts'

const run = promisify(execFile)
const example = 'packages/serverless-offline-msk/example'

/** Without the variables that npm sets for scripts, because with them npm would install into this repository. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle|config_local)|INIT_CWD)/.test(name),
  ),
)

/** Removes globals that Node 20 does not have from every thread, to check that the package works there too. */
const node20 = [
  'delete Promise.withResolvers, delete Promise.try, delete Map.groupBy, delete Object.groupBy, delete Array.fromAsync',
  "for (const name of ['union', 'intersection', 'difference', 'isSubsetOf', 'isSupersetOf']) delete Set.prototype[name]",
  "for (const name of ['map', 'filter', 'take', 'drop', 'toArray', 'some', 'find']) delete globalThis.Iterator?.prototype[name]",
].join(';')

let project: Awaited<ReturnType<typeof createProject>>
beforeAll(async () => {
  project = await createProject()
  await project.start()
})
afterAll(() => project?.dispose())

/**
 * Installs the package into a copy of its example, from the tarball and with its own dependencies, as its users do.
 * The framework and serverless-offline are those of this repository.
 */
async function createProject() {
  const folder = await mkdtemp(join(tmpdir(), 'serverless-offline-msk-'))
  for (const file of ['serverless.yml', 'fulfil.js']) await cp(join(example, file), join(folder, file))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'orders', private: true }))
  const pack = ['pack', '--workspace', 'serverless-offline-msk', '--pack-destination', folder, '--json']
  await run('npm', pack, { env })
  const flags = ['--prefer-offline', '--no-audit', '--no-fund']
  await run('npm', ['install', ...flags, './serverless-offline-msk-0.1.0.tgz'], { cwd: folder, env })
  for (const name of ['serverless', 'serverless-offline'])
    await symlink(resolve('node_modules', name), join(folder, 'node_modules', name), 'junction')

  const [kafkaPort = 0, lambdaPort = 0] = await freePorts(2)
  const endpoint = `127.0.0.1:${kafkaPort}`
  const kafka = new Kafka({ brokers: [endpoint], logLevel: logLevel.NOTHING })
  let child: ChildProcess | undefined
  let output = ''

  async function stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (!child || child.exitCode !== null) return child?.exitCode ?? null
    const exited = once(child, 'exit')
    child.kill(signal)
    const [code] = await exited
    return code
  }
  return {
    endpoint,
    stop,
    async start(): Promise<void> {
      output = ''
      const command = ['node_modules/serverless/bin/serverless.js', 'offline', 'start']
      const own = {
        KAFKA_PORT: String(kafkaPort),
        SLS_TELEMETRY_DISABLED: '1',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(node20)}`,
      }
      child = spawn(process.execPath, [...command, '--lambdaPort', String(lambdaPort)], {
        cwd: folder,
        env: { ...env, ...own },
      })
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => {
          output += chunk.toString()
        })
      await vi.waitFor(() => expect(output).toContain(`[msk] Kafka: ${endpoint}`), { timeout: 60_000 })
    },
    async produce(messages: { partition: number; key?: string; value: string }[]): Promise<void> {
      const producer = kafka.producer({ allowAutoTopicCreation: false })
      await producer.connect()
      await producer.send({
        topic: 'orders',
        messages: messages.map((message) => ({ ...message, headers: { source: 'shop' } })),
      })
      await producer.disconnect()
    },
    /** The events that the function got with records of a partition, in the order of the invocations. */
    async received(partition: number) {
      const journal = await readFile(join(folder, 'received.jsonl'), 'utf8').catch(() => '')
      const events = journal
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
      return events.filter(({ records }) => `orders-${partition}` in records)
    },
    output: () => output,
    async dispose(): Promise<void> {
      await stop('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

test("a function gets its records as AWS's event, in one batch", async () => {
  await project.produce([
    { partition: 0, key: 'customer 1', value: 'order 1' },
    { partition: 0, value: 'order 2' },
  ])
  await expect.poll(() => project.received(0)).not.toEqual([])

  const common = {
    topic: 'orders',
    partition: 0,
    timestamp: expect.any(Number),
    timestampType: 'CREATE_TIME',
  }
  const headers = [{ source: [...Buffer.from('shop')] }]
  expect(await project.received(0)).toEqual([
    {
      eventSource: 'aws:kafka',
      eventSourceArn: expect.stringMatching(/^arn:aws:kafka:eu-central-1:000000000000:cluster\/orders\//),
      bootstrapServers: project.endpoint,
      records: {
        'orders-0': [
          { ...common, offset: 0, key: base64('customer 1'), value: base64('order 1'), headers },
          { ...common, offset: 1, value: base64('order 2'), headers },
        ],
      },
    },
  ])
})

test('a batch is retried when the function fails', async () => {
  await project.produce([
    { partition: 1, value: 'order 3' },
    { partition: 1, value: 'order 4, fail once' },
  ])
  await expect.poll(async () => (await project.received(1)).length).toBe(2)

  const [first, second] = await project.received(1)
  expect(first.records['orders-1']).toHaveLength(2)
  expect(second).toEqual(first)
  expect(project.output()).toContain('cannot fulfil order 4, fail once')
})

test('after a restart only new records are delivered', async () => {
  const code = await project.stop()
  await project.start()
  await project.produce([0, 1, 2].map((partition) => ({ partition, value: 'order 5' })))
  for (const [partition, count] of [2, 3, 1].entries())
    await expect.poll(async () => (await project.received(partition)).length).toBe(count)

  const last = await Promise.all(
    [0, 1, 2].map(async (partition) => (await project.received(partition)).at(-1)),
  )
  const values = last.map(({ records }, partition) =>
    records[`orders-${partition}`].map(({ value }: { value: string }) => value),
  )
  expect(values).toEqual([[base64('order 5')], [base64('order 5')], [base64('order 5')]])
  expect(code).toBe(0)
})
