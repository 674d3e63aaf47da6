import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import * as sdkCommands from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as ownCommands from './commands.ts'
import { itemClient } from './item-calls.ts'

type Seen = { readonly target: string; readonly headers: IncomingMessage['headers']; readonly body: unknown }
type Sent = Record<string, Record<string, unknown> | undefined>
type Respond = (response: ServerResponse, seen: Seen) => void

let server: Server
let endpoint: string
let seen: Seen[]
let respond: Respond
let slept: number[]

beforeEach(async () => {
  seen = []
  slept = []
  respond = (response) => void response.end('{}')
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { headers } = request
    const one = { target: String(headers['x-amz-target']), headers, body: JSON.parse(body) }
    seen.push(one)
    respond(response, one)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const OWN = { ...ownCommands }
const SDK = { ...sdkCommands }
type Name = 'Get' | 'Put' | 'Update' | 'Delete' | 'Query' | 'Scan' | 'BatchGet' | 'BatchWrite'
type Output = Readonly<Record<string, unknown>>
type Client = { call(name: Name, input: object): Promise<Output> }

/** Our client, and the SDK's document client. */
function clients(triesMs?: readonly number[]): { readonly own: Client; readonly sdk: Client } {
  const region = 'eu-central-1'
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 's' }
  const sleep = async (ms: number) => void slept.push(ms)
  const options = { endpoint: new URL(endpoint), region, credentials, sleep }
  const own = itemClient(triesMs === undefined ? options : { ...options, triesMs })
  const sdk = sdkCommands.DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }), {
    marshallOptions: { removeUndefinedValues: true },
  })
  return {
    own: {
      call: async (name, input) =>
        (await own.send(new OWN[`${name}Command`](input as never) as ownCommands.GetCommand)) as Output,
    },
    sdk: {
      call: async (name, input) =>
        (await sdk.send(new SDK[`${name}Command`](input as never) as sdkCommands.GetCommand)) as Output,
    },
  }
}

const failing = (name: string, fields: object = {}) =>
  JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'told', ...fields })
const fail =
  (status: number, name: string, fields: object = {}): Respond =>
  (response) =>
    void response.writeHead(status).end(failing(name, fields))
const GET = { TableName: 't', Key: { id: 'a' }, ConsistentRead: true }

const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => Math.abs(one) < 2 ** 53),
)
/** The SDK cannot write a member of this name: it takes it for the prototype (attributes.test.ts). */
const name = (constraints = {}) => fc.string(constraints).filter((text) => text !== '__proto__')
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.constant(''),
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.oneof(tie('value'), fc.constant(undefined))),
    fc.dictionary(name(), fc.oneof(tie('value'), fc.constant(undefined))),
  ),
}))
const item = fc.dictionary(name({ minLength: 1 }), value)
const NAMES = { '#a': 'a' }

describe('a call about items', () => {
  test('sends the same as the SDK, and reads the same from the response', async () => {
    const { own, sdk } = clients()
    const property = fc.asyncProperty(item, item, async (one, two) => {
      const query = {
        TableName: 't',
        Limit: 3,
        ExclusiveStartKey: one,
        ExpressionAttributeNames: NAMES,
        ExpressionAttributeValues: two,
      }
      const calls: [Name, object][] = [
        ['Put', { TableName: 't', Item: one, ConditionExpression: 'attribute_not_exists(id)' }],
        ['Get', { TableName: 't', Key: one, ConsistentRead: true }],
        ['Delete', { TableName: 't', Key: one, ExpressionAttributeValues: two }],
        ['Update', { TableName: 't', Key: one, ExpressionAttributeValues: two }],
        ['Query', { ...query, ScanIndexForward: false }],
        ['Scan', query],
        ['BatchGet', { RequestItems: { t: { Keys: [one, two], ConsistentRead: true } } }],
        [
          'BatchWrite',
          { RequestItems: { t: [{ PutRequest: { Item: one } }, { DeleteRequest: { Key: two } }] } },
        ],
      ]
      respond = (response, one) => void response.end(JSON.stringify(echo(one)))
      for (const [name, input] of calls) {
        seen = []
        const outputs = [await sdk.call(name, input), await own.call(name, input)]
        const [theirs, ours] = seen
        expect(ours?.target).toBe(theirs?.target)
        expect(ours?.body).toEqual(theirs?.body)
        const [theirOutput, ourOutput] = outputs.map(({ $metadata: _, ...output }) => output)
        expect(ourOutput).toEqual(theirOutput)
      }
    })
    await fc.assert(property, { numRuns: 100 })
  })

  test.each([
    ['a number larger than JavaScript holds exactly', 2 ** 60],
    ['an infinite number', Number.POSITIVE_INFINITY],
    ['a number that is none', Number.NaN],
    ['a set without members', new Set()],
    ['an instance of a class', new Date()],
  ])('refuses %s, as the SDK does', async (_, size) => {
    const { own, sdk } = clients()
    for (const client of [sdk, own])
      await expect(client.call('Put', { TableName: 't', Item: { size } })).rejects.toThrow()
    expect(seen).toEqual([])
  })

  test.each([
    ['a set of two types', new Set(['a', 1])],
    ['a function', () => {}],
  ])('refuses %s, which the SDK does not', async (_, value) => {
    await expect(clients().own.call('Put', { TableName: 't', Item: { value } })).rejects.toThrow(
      'DynamoDB has',
    )
    expect(seen).toEqual([])
  })

  test('reads large integers, bytes and sets as the SDK does', async () => {
    const { own, sdk } = clients()
    const Item = {
      large: { N: '123456789012345678901234567890' },
      bytes: { B: 'AQID' },
      texts: { SS: ['a', 'b'] },
      numbers: { NS: ['1', '2.5'] },
      many: { BS: ['AQ=='] },
    }
    respond = (response) => void response.end(JSON.stringify({ Item }))

    const { Item: theirs } = await sdk.call('Get', GET)
    const { Item: ours } = await own.call('Get', GET)

    expect(ours).toEqual(theirs)
  })

  test.each([
    ['a set of texts', new Set(['a', 'b'])],
    ['a set of numbers', new Set([1, 2.5])],
    ['a set of bytes', new Set([new Uint8Array([1]), new Uint8Array([2])])],
    ['bytes', new Uint8Array([1, 2, 3])],
    ['a big integer', 2n ** 70n],
  ])('writes %s as the SDK does', async (_, value) => {
    const { own, sdk } = clients()
    await sdk.call('Put', { TableName: 't', Item: { value } })
    await own.call('Put', { TableName: 't', Item: { value } })

    expect(seen[1]?.body).toEqual(seen[0]?.body)
  })

  test('carries a signature of the time and the credentials', async () => {
    await clients().own.call('Get', GET)

    expect(seen[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/dynamodb\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$/,
    )
  })
})

describe('a call that fails', () => {
  test('throws the error of the SDK: name, message, status and the item that the condition met', async () => {
    const { own, sdk } = clients()
    respond = fail(400, 'ConditionalCheckFailedException', { Item: { id: { S: 'a' } } })

    const errors = await Promise.all(
      [sdk, own].map((client) => client.call('Get', GET).catch((error: unknown) => error)),
    )

    for (const error of errors) {
      expect(error).toBeInstanceOf(Error)
      expect(error).toMatchObject({
        name: 'ConditionalCheckFailedException',
        message: 'told',
        $fault: 'client',
        $metadata: { httpStatusCode: 400 },
      })
    }
    expect(seen).toHaveLength(2)
  })

  test.each([
    [400, 'ProvisionedThroughputExceededException'],
    [400, 'ThrottlingException'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
  ])('with %i %s is tried three times, with growing pauses', async (status, name) => {
    respond = fail(status, name)

    await expect(clients().own.call('Get', GET)).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: status },
    })

    expect(seen).toHaveLength(3)
    expect(slept).toHaveLength(2)
  })

  test.each([
    [400, 'ValidationException'],
    [400, 'ResourceNotFoundException'],
    [400, 'AccessDeniedException'],
    [413, 'Unknown'],
  ])('with %i %s is not tried again', async (status, name) => {
    respond = fail(status, name)

    await expect(clients().own.call('Get', GET)).rejects.toMatchObject({ name })
    expect(seen).toHaveLength(1)
  })

  test('succeeds if the second try does', async () => {
    respond = (response) => {
      if (seen.length === 1) response.socket?.destroy()
      else response.end('{"Item":{"id":{"S":"a"}}}')
    }

    expect((await clients().own.call('Get', GET)).Item).toEqual({ id: 'a' })
  })

  test('with a response that is not JSON throws its status', async () => {
    respond = (response) => void response.writeHead(404).end('<html>')

    await expect(clients().own.call('Get', GET)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } })
  })

  test('because the table hangs throws after its tries', async () => {
    respond = () => {}

    await expect(clients([50, 50, 50]).own.call('Get', GET)).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(seen).toHaveLength(3)
  })

  test('is not retried any more when most calls fail', async () => {
    const { own } = clients()
    respond = fail(500, 'InternalServerError')

    for (let call = 0; call < 80; call++) await own.call('Get', GET).catch(() => {})

    expect(seen.length).toBe(80 + 100) // the first hundred retries
  })

  test('because of a wrong clock is signed again with the time of the server', async () => {
    const ahead = Date.now() + 3_600_000
    respond = (response) => {
      const isFirst = seen.length === 1
      response.writeHead(isFirst ? 400 : 200, { date: new Date(ahead).toUTCString() })
      response.end(isFirst ? failing('InvalidSignatureException') : '{}')
    }
    const { own } = clients()

    await own.call('Get', GET)

    const [first, second] = seen.map(({ headers }) => String(headers['x-amz-date']))
    expect(first?.slice(0, 11)).not.toBe(second?.slice(0, 11))
    expect(second?.slice(0, 11)).toBe(new Date(ahead).toISOString().replace(/[-:]/g, '').slice(0, 11))
  })
})

/** Returns what was sent as if it had been found, in the shape of each operation. */
function echo({ target, body }: Seen): object {
  const { Item, Key, ExpressionAttributeValues, ExclusiveStartKey: last, RequestItems } = body as Sent
  const { Keys } = (RequestItems?.t ?? {}) as { Keys?: unknown[] }
  const echoes: Record<string, object> = {
    PutItem: { Attributes: Item },
    GetItem: { Item: Key },
    DeleteItem: { Attributes: ExpressionAttributeValues },
    UpdateItem: { Attributes: ExpressionAttributeValues },
    Query: { Items: [last], LastEvaluatedKey: last, Count: 1, ScannedCount: 2 },
    BatchGetItem: { Responses: { t: Keys }, UnprocessedKeys: RequestItems },
    BatchWriteItem: { UnprocessedItems: RequestItems },
  }
  return echoes[target.replace('DynamoDB_20120810.', '')] ?? {}
}
