import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { CloudFormationCustomResourceEvent, ScheduledEvent } from 'aws-lambda'
import { afterEach, expect, test, vi } from 'vitest'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { copyFunction } from './copy-function.ts'

const CONTEXT = makeContext(30_000)
const SCHEDULED = { source: 'aws.events', 'detail-type': 'Scheduled Event' } as ScheduledEvent

let cloudFormation: Server | undefined
afterEach(() => {
  vi.restoreAllMocks()
  cloudFormation?.closeAllConnections()
  cloudFormation?.close()
})

test('a schedule makes the copy, and fails if that fails, so that an alarm tells of it', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const copy = vi.fn(async () => {})
  const handler = copyFunction({ copy })

  expect(await handler(SCHEDULED, CONTEXT)).toBeNull()
  expect(copy).toHaveBeenCalledOnce()
  copy.mockRejectedValueOnce(new Error('the keys were answered with 500'))
  await expect(handler(SCHEDULED, CONTEXT)).rejects.toThrow('answered with 500')
})

test.each([
  [async () => {}, { Status: 'SUCCESS' }],
  [() => Promise.reject(new Error('no answer')), { Status: 'FAILED', Reason: 'no answer' }],
])('a deployment waits until the copy is made', async (copy, expected) => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const told: unknown[] = []
  cloudFormation = createServer(async (request, response) => {
    told.push(await json(request))
    response.end()
  })
  await new Promise<void>((resolve) => cloudFormation?.listen(0, '127.0.0.1', resolve))
  const { port } = cloudFormation.address() as AddressInfo
  const event = {
    RequestType: 'Create',
    ResponseURL: `http://127.0.0.1:${port}/response`,
    LogicalResourceId: 'SigningKeys',
    ResourceProperties: {},
  } as unknown as CloudFormationCustomResourceEvent

  await copyFunction({ copy })(event, CONTEXT)

  expect(told).toMatchObject([expected])
})
