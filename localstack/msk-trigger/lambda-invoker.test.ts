import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { createLambdaInvoker } from './lambda-invoker.ts'
import { makeRecords } from './testing/make-records.ts'
import { toLambdaEvent } from './to-lambda-event.ts'

const event = toLambdaEvent(makeRecords(0, 1), { eventSource: 'aws:kafka', brokers: ['b:1'] })

const target = { functionName: 'tidewire-dev-deliver', timeoutMs: 1_000 }

async function invokeAgainst(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const invoke = createLambdaInvoker(`http://127.0.0.1:${port}`)
  try {
    return await invoke(target, event)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const respond =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body)

test('the event is posted to the function by its name and its response is the payload', async () => {
  const seen: unknown[] = []
  const result = await invokeAgainst(async (request, response) => {
    seen.push(request.method, request.url, JSON.parse(await text(request)))
    response.end('{"batchItemFailures":[]}')
  })

  expect(result).toEqual({ payload: { batchItemFailures: [] } })
  expect(seen).toEqual(['POST', '/2015-03-31/functions/tidewire-dev-deliver/invocations', event])
})

test('a function that returns nothing succeeds', async () => {
  expect(await invokeAgainst(respond(200, ''))).toEqual({ payload: null })
})

test('the error of a handler is a function error, with or without its header', async () => {
  const body = JSON.stringify({ errorMessage: 'boom', errorType: 'Error', trace: [] })
  const functionError = { errorType: 'Error', errorMessage: 'boom' }

  expect(await invokeAgainst(respond(200, body, { 'X-Amz-Function-Error': 'Unhandled' }))).toEqual({
    functionError,
  })
  expect(await invokeAgainst(respond(200, body))).toEqual({ functionError })
})

test('an event that is too large is a function error', async () => {
  expect(await invokeAgainst(respond(413, ''))).toMatchObject({
    functionError: { errorType: 'RequestEntityTooLarge' },
  })
})

test('an unknown function, a server error and a broken connection reject', async () => {
  await expect(invokeAgainst(respond(404, '{}'))).rejects.toThrow(
    'there is no function tidewire-dev-deliver yet',
  )
  await expect(invokeAgainst(respond(503, ''))).rejects.toThrow('invoking tidewire-dev-deliver returned 503')
  await expect(invokeAgainst((request) => request.socket.destroy())).rejects.toThrow(
    'is not reachable: ECONNRESET',
  )
})

test('an endpoint that is not up yet rejects with its address', async () => {
  const invoke = createLambdaInvoker('http://127.0.0.1:1')

  await expect(invoke(target, event)).rejects.toThrow('127.0.0.1:1 is not reachable: ECONNREFUSED')
})
