import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { toHttpResult } from '../gateway/http-result.ts'
import { isThrottled } from './host-protocol.ts'
import { readFunctions } from './read-functions.ts'
import { type FunctionHost, startFunctionHost } from './start-function-host.ts'

const log: string[] = []
const handlers = ['echo', 'wait', 'fail', 'leaveError', 'reply', 'circle', 'large']

function optionsOf(names: readonly string[]) {
  const service = {
    service: 'test',
    provider: { stage: 'local', environment: { SETTING: 'shared', OTHER: { Ref: 'Table' } }, timeout: 10 },
    functions: Object.fromEntries(
      names.map((name) => [
        name,
        { handler: `testing/handlers.${name}`, timeout: name === 'wait' ? 0.05 : 10, memorySize: 512 },
      ]),
    ),
  }
  return {
    functions: [...readFunctions(service, {}, (line) => log.push(line)).values()],
    folder: fileURLToPath(new URL('.', import.meta.url)),
    trigger: { service, brokers: [] },
    log: (line: string) => log.push(line),
  }
}

let host: FunctionHost
beforeAll(async () => {
  host = await startFunctionHost(optionsOf(handlers))
})
afterAll(() => host.stop())

const invoke = async (name: string, event: unknown = {}) => {
  const { isError, payload } = await host.invoke(`test-local-${name}`, JSON.stringify(event))
  return { isError, payload: JSON.parse(payload) }
}

test('a function gets its event, and the context and environment of Lambda', async () => {
  const { isError, payload } = await invoke('echo', { a: 1 })

  expect(isError).toBe(false)
  expect(payload).toMatchObject({
    event: { a: 1 },
    loadedWith: 'shared',
    loadedAs: 'test-local-echo',
    context: {
      functionName: 'test-local-echo',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:test-local-echo',
      memoryLimitInMB: '512',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      logGroupName: '/aws/lambda/test-local-echo',
    },
  })
  expect(log).toContain('echo: the variable OTHER is known to a deployment only; it is not set here')
})

test('a body travels beside the JSON, in both directions, and is nowhere else', async () => {
  const answer = { statusCode: 200, body: 'text' }
  const { payload, body } = await host.invokeProxy('test-local-reply', JSON.stringify({ answer }), 'in')
  const seen = await host.invokeProxy('test-local-echo', '{"a":1}', '"quoted"')
  const none = await host.invokeProxy('test-local-echo', '{"a":1}', null)

  expect([JSON.parse(payload), body]).toEqual([{ statusCode: 200 }, 'text'])
  expect(JSON.parse(seen.payload).event).toEqual({ a: 1, body: '"quoted"' })
  expect(JSON.parse(none.payload).event).toEqual({ a: 1 })
  expect((await invoke('reply', { answer })).payload).toEqual(answer)
})

test('what a function throws is its error', async () => {
  expect(await invoke('fail', { message: 'broken' })).toEqual({
    isError: true,
    payload: {
      errorType: 'TypeError',
      errorMessage: 'broken',
      trace: expect.arrayContaining(['TypeError: broken']),
    },
  })
  expect(await invoke('fail')).toMatchObject({
    isError: true,
    payload: { errorType: 'string', errorMessage: 'no error' },
  })
})

test('a function that takes too long is an error, and does not hold up others', async () => {
  expect(await invoke('wait')).toMatchObject({
    isError: true,
    payload: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 0.05 seconds' },
  })
  expect((await invoke('echo')).isError).toBe(false)
})

test('a response that is too large, or no JSON, is an error, and no response is null', async () => {
  expect((await invoke('large')).payload.errorType).toBe('Function.ResponseSizeTooLarge')
  expect((await invoke('circle')).payload.errorType).toBe('Runtime.MarshalError')
  expect(await invoke('reply')).toEqual({ isError: false, payload: null })
})

test('a function that is stopped is throttled, and the gateway returns 503, until it is started', async () => {
  host.setStopped('test-local-echo', true)
  const response = await host.invokeProxy('test-local-echo', '{}', null)
  expect(isThrottled(response.payload)).toBe(true)
  expect(toHttpResult(response)).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' })

  host.setStopped('test-local-echo', false)
  expect((await invoke('echo')).isError).toBe(false)
})

test('a function with a reserved concurrency of 0 is stopped from the start', () => {
  const functions = { echo: { handler: 'h.echo', reservedConcurrency: 0 }, wait: { handler: 'h.wait' } }
  const definitions = readFunctions({ service: 'test', provider: {}, functions }, {}, () => {})

  expect([...definitions.values()].map(({ isStopped }) => isStopped)).toEqual([true, false])
})

test('an error that a function leaves behind is logged, and ends nothing', async () => {
  await invoke('leaveError')

  await vi.waitFor(() => expect(log.filter((line) => line.includes('left behind'))).toHaveLength(2))
  expect((await invoke('echo')).isError).toBe(false)
})

test('the host does not start with a function that cannot be loaded, and says which and why', async () => {
  const starting = startFunctionHost(optionsOf(['text', 'echo', 'missing']))

  await expect(starting).rejects.toThrow(
    '"test-local-text" cannot be loaded: testing/handlers.text is not a function\n' +
      '"test-local-missing" cannot be loaded: testing/handlers.missing is not a function',
  )
})
