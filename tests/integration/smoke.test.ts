import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StepResult } from '../../cli/smoke/step.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

/** Every function whose failure shows at the outer interface: those of a deployment are not there locally. */
const FUNCTIONS = [
  'write',
  'webhooks',
  'command',
  'read',
  'streams',
  'stats',
  'audit',
  'accounts',
  'standing',
  'replays',
  'replay-records',
  'replay-events',
  'health',
  'connect',
  'disconnect',
  'message',
  'fold',
  'deliver',
  'signing-keys',
  'people',
]
/** Each takes the patience of a step or more. All of them: `SMOKE=all`. */
const stopped = process.env.SMOKE === 'all' ? FUNCTIONS : ['write', 'disconnect']

let stack: TestStack
beforeAll(async () => {
  // A copy that is made once a minute is made each second.
  stack = await startStack({ env: { SCHEDULE_SECONDS: '1' } })
})
afterAll(() => stack.dispose())

/** Runs what `npm run smoke` runs. */
async function smoke(patience: number) {
  const args = ['cli/main.ts', 'smoke', '--url', stack.webUrl, '--patience', String(patience), '--json']
  const child = spawn(resolve('node_modules/.bin/node'), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  const [code] = await once(child, 'close')
  const { steps } = JSON.parse(stdout) as { steps: StepResult[] }
  return { code, steps, failed: steps.filter(({ status }) => status === 'fail') }
}

/** Takes all concurrency from a function, or gives it back, as Lambda's API does. */
async function setStopped(name: string, isStopped: boolean): Promise<void> {
  const url = `http://127.0.0.1:${stack.ports.LAMBDA_PORT}/2017-10-31/functions/tidewire-local-${name}/concurrency`
  const body = JSON.stringify({ ReservedConcurrentExecutions: 0 })
  const response = await fetch(url, isStopped ? { method: 'PUT', body } : { method: 'DELETE' })
  expect(response.ok).toBe(true)
}

describe('the smoke test', () => {
  test('passes at a stack that works, uses every function, and leaves no event behind', async () => {
    const { code, steps } = await smoke(60)

    expect(steps.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(code).toBe(0)
    expect(steps.map(({ step }) => step)).toEqual(expect.arrayContaining(FUNCTIONS))
    const headers = { 'x-api-key': 'local-dev-key' }
    const listed = await fetch(`${stack.httpUrl}/events?channel=port.system`, { headers })
    expect(await listed.json()).toMatchObject({ events: [] })
  })

  test.each(stopped)('fails with %s stopped, and names it', async (name) => {
    await setStopped(name, true)
    const { code, failed } = await smoke(3)
    await setStopped(name, false)

    expect(code).toBe(1)
    expect(failed.map(({ step }) => step)).toContain(name)
    expect(failed.find(({ step }) => step === name)).toMatchObject({
      detail: expect.any(String),
      advice: expect.stringContaining(`function ${name}`),
    })
  })
})
