import type { CloudFormationCustomResourceEvent } from 'aws-lambda'
import { afterEach, expect, test, vi } from 'vitest'
import type { HttpExchange, HttpReply } from '#shared/adapters/aws/keep-alive-request.ts'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { type Attributes, customResource } from './custom-resource.ts'

afterEach(() => vi.restoreAllMocks())

// As https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html documents it.
const REQUEST = {
  RequestType: 'Create',
  ServiceToken: 'arn:aws:lambda:eu-central-1:123456789012:function:tidewire-prod-kafka-topics',
  ResponseURL:
    'https://cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com/a%3Ab?X-Amz=1',
  StackId: 'arn:aws:cloudformation:eu-central-1:123456789012:stack/tidewire-prod/guid',
  RequestId: 'request-1',
  ResourceType: 'Custom::KafkaTopics',
  LogicalResourceId: 'KafkaTopics',
  ResourceProperties: { ServiceToken: 'arn', Topics: [] },
} satisfies CloudFormationCustomResourceEvent

const reply = (status: number): HttpReply => ({ status, headers: {}, body: Buffer.alloc(0) })

/** Runs an event, and returns what CloudFormation got. */
async function run(
  work: () => Promise<Attributes>,
  { event = REQUEST as CloudFormationCustomResourceEvent, replies = [200], remainingMs = 60_000 } = {},
) {
  const sent: { endpoint: URL; exchange: HttpExchange }[] = []
  const send = async (endpoint: URL, exchange: HttpExchange) => {
    sent.push({ endpoint, exchange })
    const status = replies[sent.length - 1] ?? 200
    if (status === 0) throw new Error('connection reset')
    return reply(status)
  }
  const handler = customResource(work, { send, sleep: async () => {} })
  await handler(event, makeContext(remainingMs))
  const [last] = sent.slice(-1)
  return { sent, body: JSON.parse(String(last?.exchange.body)) }
}

test('what was made is told to CloudFormation, at the address that it gave, without a type', async () => {
  const { sent, body } = await run(async () => ({ Brokers: 'b-1:9098' }))

  expect(body).toEqual({
    Status: 'SUCCESS',
    PhysicalResourceId: 'KafkaTopics',
    StackId: REQUEST.StackId,
    RequestId: 'request-1',
    LogicalResourceId: 'KafkaTopics',
    Data: { Brokers: 'b-1:9098' },
  })
  expect(sent).toHaveLength(1)
  expect(sent[0]?.exchange).toMatchObject({ method: 'PUT', path: '/a%3Ab?X-Amz=1' })
  expect(sent[0]?.exchange.headers).toMatchObject({
    'content-type': '',
    host: 'cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com',
  })
})

test('what fails is told with its reason, and is in the log', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})

  const { body } = await run(() => Promise.reject(new Error(`the brokers are silent ${'.'.repeat(9000)}`)))

  expect(body).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^the brokers are silent/) })
  expect(JSON.stringify(body).length).toBeLessThan(4096)
  expect(String(logged.mock.calls[0]?.[0])).toContain('the brokers are silent')
})

test('a resource keeps the id that it has', async () => {
  const { ResourceProperties } = REQUEST
  const event = {
    ...REQUEST,
    RequestType: 'Update',
    PhysicalResourceId: 'earlier',
    OldResourceProperties: ResourceProperties,
  } satisfies CloudFormationCustomResourceEvent

  expect((await run(async () => ({}), { event })).body).toMatchObject({
    Status: 'SUCCESS',
    PhysicalResourceId: 'earlier',
  })
})

test('a deletion succeeds and does nothing', async () => {
  const work = vi.fn(() => Promise.reject(new Error('no')))
  const event = { ...REQUEST, RequestType: 'Delete', PhysicalResourceId: 'earlier' } as const

  expect((await run(work, { event })).body).toMatchObject({
    Status: 'SUCCESS',
    PhysicalResourceId: 'earlier',
  })
  expect(work).not.toHaveBeenCalled()
})

test('a function that runs out of time says so before it does', async () => {
  const { body } = await run(() => new Promise(() => {}), { remainingMs: 15_020 })

  expect(body).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('deploy again') })
})

test('a response that is not taken is sent again, and the function fails if none is', async () => {
  const { sent } = await run(async () => ({}), { replies: [0, 503, 200] })
  expect(sent).toHaveLength(3)

  await expect(run(async () => ({}), { replies: [503, 503, 0] })).rejects.toThrow('connection reset')
})
