import type { Context } from 'aws-lambda'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { writeLog, writeLogsWith } from '#shared/pipeline/log.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { logAsFunction, logInvocation } from './function-log.ts'

const context = { functionName: 'tidewire-test-write', awsRequestId: 'r1' } as Context
const invoked = { service: 'write', context, isCold: true }

let written: string[]
beforeEach(() => {
  written = []
  for (const output of [process.stdout, process.stderr])
    vi.spyOn(output, 'write').mockImplementation((chunk) => {
      written.push(String(chunk))
      return true
    })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  writeLogsWith(() => {})
})

const lines = () => written.map((line) => JSON.parse(line))

test('a line says which invocation it is of, and what that is about', async () => {
  logAsFunction()
  const event = {
    requestContext: { requestId: 'g1', connectionId: 'c1' },
    headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
  }

  await logInvocation(event, invoked, async () => {
    await Promise.resolve()
    logError('it did not work', new TypeError('why'), { topic: 'events', partition: 0, offset: 7 })
  })

  expect(lines()).toEqual([
    {
      level: 'ERROR',
      message: 'it did not work',
      timestamp: expect.any(String),
      service: 'write',
      function_name: 'tidewire-test-write',
      function_request_id: 'r1',
      cold_start: true,
      request_id: 'g1',
      connection_id: 'c1',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      topic: 'events',
      partition: 0,
      offset: 7,
      error: { type: 'TypeError', message: 'why', trace: expect.any(Array) },
    },
  ])
})

test('a warning of Node.js is a line, but for one that means nothing', async () => {
  logAsFunction()
  logAsFunction()

  process.emitWarning('11 listeners', 'MaxListenersExceededWarning')
  process.emitWarning('-1 is a negative number', 'TimeoutNegativeWarning')
  await new Promise(setImmediate)

  expect(lines()).toEqual([
    expect.objectContaining({
      level: 'WARN',
      message: 'Node.js warns',
      warning: 'MaxListenersExceededWarning',
      detail: '11 listeners',
    }),
  ])
})

test('a header that is no trace is not logged', () => {
  logAsFunction()

  logInvocation({ headers: { traceparent: 'a secret' } }, invoked, () => logError('it did not work'))

  expect(written.join('')).not.toContain('secret')
})

test('invocations at once keep their lines apart', async () => {
  logAsFunction()
  const run = (awsRequestId: string) =>
    logInvocation({}, { ...invoked, context: { ...context, awsRequestId } }, async () => {
      await Promise.resolve()
      logError(awsRequestId)
    })

  await Promise.all([run('r1'), run('r2')])

  expect(lines().map(({ message, function_request_id }) => [message, function_request_id])).toEqual([
    ['r1', 'r1'],
    ['r2', 'r2'],
  ])
})

test('LOG_LEVEL says from which level on lines are written', () => {
  vi.stubEnv('LOG_LEVEL', 'WARN')
  logAsFunction()

  writeLog('INFO', 'left out')
  writeLog('WARN', 'written')

  expect(lines().map(({ level, message }) => [level, message])).toEqual([['WARN', 'written']])
})
