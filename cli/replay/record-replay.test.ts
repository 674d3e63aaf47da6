import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { CliContext } from '../lib/cli-context.ts'
import { systemClock } from '../lib/clock.ts'
import { recordReplay } from './record-replay.ts'

function contextWith(env: CliContext['env']) {
  const stderr = new PassThrough()
  const context: CliContext = {
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    stderr,
    env,
    clock: systemClock,
    signal: new AbortController().signal,
    setExitCode: () => {},
  }
  return { context, said: () => String(stderr.read() ?? '') }
}

test('a replay is handed to the function that writes the audit trail', async () => {
  const calls: { url: string | undefined; body: unknown }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    calls.push({ url: request.url, body: JSON.parse(Buffer.concat(chunks).toString()) })
    response.writeHead(202).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { context, said } = contextWith({ LAMBDA_PORT: String((server.address() as AddressInfo).port) })

  await recordReplay({ stage: 'local', dynamodb: 'http://127.0.0.1:1', domain: ['port', 'market'] }, context)
  server.closeAllConnections()
  server.close()

  expect(calls).toMatchObject([
    {
      url: '/2015-03-31/functions/tidewire-local-audit/invocations',
      body: { action: 'views.rebuilt', target: 'port, market', details: { stage: 'local' } },
    },
  ])
  expect(said()).toBe('')
})

test('a replay that cannot be recorded has still been done, and says so', async () => {
  const { context, said } = contextWith({ LAMBDA_ENDPOINT: 'http://127.0.0.1:9' })

  await recordReplay({ stage: 'local', dynamodb: 'http://127.0.0.1:1' }, context)

  expect(said()).toMatch(/^the replay is not in the audit trail: .+\n$/)
})
