import { afterEach, expect, test, vi } from 'vitest'
import { NO_PAGES } from '../trusted-requests.ts'
import { createInvokeApi } from './invoke-api.ts'
import { createTestService, listen } from './testing/start-test-gateway.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function start(run: (event: unknown) => unknown) {
  const { host } = createTestService({ stats: { run } })
  const { url, stop } = await listen(createInvokeApi(host, new Set(['test-local-stats']), NO_PAGES))
  stops.push(stop)
  const concurrency = (method: string, body?: string) =>
    fetch(`${url}/2017-10-31/functions/test-local-stats/concurrency`, { method, ...(body && { body }) })
  const invoke = async (name: string, body: string, headers: Record<string, string> = {}) => {
    const path = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`
    const response = await fetch(url + path, { method: 'POST', body, headers })
    const error = response.headers.get('x-amz-function-error')
    return {
      status: response.status,
      error,
      type: response.headers.get('x-amzn-errortype'),
      text: await response.text(),
    }
  }
  return Object.assign(invoke, { concurrency })
}

test('the function gets the event, and its response is the body', async () => {
  const invoke = await start((event) => ({ event, body: 'stays' }))

  expect(await invoke('test-local-stats', '{"a":1}')).toMatchObject({
    status: 200,
    error: null,
    text: '{"event":{"a":1},"body":"stays"}',
  })
  expect((await invoke('test-local-stats', '')).text).toBe('{"event":{},"body":"stays"}')
  const arn = 'arn:aws:lambda:local:000000000000:function:test-local-stats:$LATEST'
  expect((await invoke(arn, '1')).text).toBe('{"event":1,"body":"stays"}')
})

test('the error of the function is its response, with a header that says so', async () => {
  const invoke = await start(() => {
    throw new Error('broken')
  })

  const { status, error, text } = await invoke('test-local-stats', '{}')

  expect([status, error]).toEqual([200, 'Unhandled'])
  expect(JSON.parse(text)).toMatchObject({ errorType: 'Error', errorMessage: 'Error: broken' })
})

test('an event is taken with 202 before the function ends, and a dry run does not invoke it', async () => {
  const run = vi.fn(() => new Promise(() => {}))
  const invoke = await start(run)

  expect((await invoke('test-local-stats', '{}', { 'x-amz-invocation-type': 'DryRun' })).status).toBe(204)
  expect(run).not.toHaveBeenCalled()
  expect(await invoke('test-local-stats', '{}', { 'x-amz-invocation-type': 'Event' })).toMatchObject({
    status: 202,
    text: '',
  })
  expect(run).toHaveBeenCalledOnce()
})

test('an unknown function is 404, no JSON is 400, and more than 6 MB are 413', async () => {
  const invoke = await start(() => 'never')

  expect(await invoke('other', '{}')).toMatchObject({ status: 404, type: 'ResourceNotFoundException' })
  expect(await invoke('test-local-stats', '{')).toMatchObject({
    status: 400,
    type: 'InvalidRequestContentException',
  })
  const large = JSON.stringify('x'.repeat(6 * 1024 * 1024))
  expect(await invoke('test-local-stats', large)).toMatchObject({
    status: 413,
    type: 'RequestTooLargeException',
  })
})

test('a function without concurrency is throttled until it has some again', async () => {
  const invoke = await start(() => 'done')

  const stopped = await invoke.concurrency('PUT', '{"ReservedConcurrentExecutions":0}')
  expect([stopped.status, await stopped.json()]).toEqual([200, { ReservedConcurrentExecutions: 0 }])
  expect(await invoke('test-local-stats', '{}')).toMatchObject({
    status: 429,
    type: 'TooManyRequestsException',
  })

  expect((await invoke.concurrency('DELETE')).status).toBe(204)
  expect(await invoke('test-local-stats', '{}')).toMatchObject({ status: 200, text: '"done"' })
})
