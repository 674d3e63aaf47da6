import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Tidewire } from '#shared/client/connect.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { readLog } from '../support/api.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const SP500 = 'node_modules/vega-datasets/data/sp500.csv'
type Example = { name: string; examples: unknown[] }
const github = createRequire(import.meta.url)('@octokit/webhooks-examples') as Example[]

/** Publishes with the command line. Returns what it printed as JSON. */
function tidewire(stack: TestStack, ...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((done) => {
    const child = spawn('node', [resolve('cli/tidewire.mjs'), ...args], {
      env: { ...process.env, ...stack.env },
    })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.once('close', (code) => done({ code, output }))
  })
}

describe('real data sets, through the running stack', () => {
  let stack: TestStack
  let folder = ''
  let client: Tidewire
  beforeAll(async () => {
    stack = await startStack()
    folder = await mkdtemp(join(tmpdir(), 'tidewire-data-'))
    client = connect({ httpUrl: stack.httpUrl, socketUrl: stack.socketUrl, credentials: { apiKey: API_KEY } })
  })
  afterAll(async () => {
    client?.close()
    await stack?.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  /** Subscribes and waits until the subscription is live. */
  async function follow(channels: string[]): Promise<PositionedEvent[]> {
    const received: PositionedEvent[] = []
    await new Promise<void>((live) =>
      client.subscribe({ channels }, (event) => received.push(event), {
        onState: (state) => state === 'live' && live(),
      }),
    )
    return received
  }

  it('every GitHub webhook example is stored, reaches a subscriber, and a second run adds nothing', async () => {
    const records = github.flatMap(({ name, examples }) =>
      examples.map((data) => ({ type: `github.${name}`, category: `examples.github.${name}`, data })),
    )
    const file = join(folder, 'github.ndjson')
    await writeFile(file, records.map((record) => JSON.stringify(record)).join('\n'))
    const received = await follow(['examples.github.*'])

    const first = await tidewire(stack, 'publish', file, '--json')
    await expect.poll(() => received.length).toBe(records.length)
    const second = await tidewire(stack, 'publish', file, '--json')
    const log = await readLog(stack.httpUrl, 'examples.github.*')

    process.stdout.write(
      `GitHub: ${records.length} examples, ${log.length} in the log, ${received.length} received\n`,
    )
    expect([first.code, second.code]).toEqual([0, 0])
    expect(log).toHaveLength(records.length)
    expect(log.map(({ event }) => event.type).sort()).toEqual(records.map(({ type }) => type).sort())
    expect(received).toHaveLength(records.length)
  })

  it('every day of the S&P 500 is stored in order and reaches a subscriber', async () => {
    const received = await follow(['market.tick'])
    const args = [
      'publish',
      SP500,
      '--type',
      'market.tick',
      '--category',
      'market.tick',
      '--subject',
      'SP500',
      '--json',
    ]

    const { code, output } = await tidewire(stack, ...args)
    const { published } = JSON.parse(output.slice(output.indexOf('{'))) as { published: number }
    await expect.poll(() => received.length).toBe(published)
    const log = await readLog(stack.httpUrl, 'market.tick')

    process.stdout.write(
      `S&P 500: ${published} rows, ${log.length} in the log, ${received.length} received\n`,
    )
    expect(code).toBe(0)
    expect(published).toBe(123)
    expect(log).toHaveLength(published)
    expect(received.map(({ event }) => event.id)).toEqual(log.map(({ event }) => event.id))
    const days = log.map(({ event }) => Date.parse((event.data as { date: string }).date))
    expect(days).toEqual([...days].sort((a, b) => a - b))
  })
})
