import { setTimeout as delay } from 'node:timers/promises'
import { type DynamoDBClient, DynamoDBServiceException } from '@aws-sdk/client-dynamodb'
import type { HttpReply } from '#shared/adapters/aws/keep-alive-request.ts'
import { THROTTLES } from '#shared/adapters/aws/outage.ts'
import { payloadOf, signedRequester } from '#shared/adapters/aws/signed-request.ts'
import { type Attributes, fromAttributes, NotPlain, toAttributes } from './attributes.ts'

/** The maximum duration of each try. Together they fit into the 10 s of a function (docs/adr/0023). */
const TRIES_MS = [5000, 2500, 1500]
/** The ceiling of the first pause; it doubles with each try, with full jitter. */
const FIRST_PAUSE_MS = 25
const THROTTLED_PAUSE_MS = 100
/** A retry takes 5 of these and a success returns 1, so that a table in trouble is not asked three times as often. */
const RETRY_TOKENS = 500
const RETRY_COST = 5
/** From this difference on, AWS refuses a signature for its time. */
const SKEW_MS = 240_000

type Fields = Readonly<Record<string, unknown>>
type Operation = { readonly write: (input: Fields) => Fields; readonly read: (output: Fields) => Fields }

type Options = {
  /** Otherwise that of DynamoDB in the client's region. */
  readonly endpoint?: string | undefined
  /** The maximum duration of each try, in milliseconds. */
  readonly triesMs?: readonly number[]
  readonly sleep?: (ms: number) => Promise<unknown>
}

/**
 * Lets a client make the calls about items itself: all else, such as calls about tables, goes the way of the SDK, and so
 * do items that are not plain JSON. The client must be used as a document client.
 *
 * It is a middleware that runs first and does not call the next one. It does what those do that follow: it marshalls,
 * finds endpoint, region and credentials in the configuration of the client, signs, sends, retries throttles, failures of
 * the server and of the network, and throws the same errors. What it leaves out is the generality that costs the SDK
 * three quarters of the CPU of a call (docs/adr/0020-posts-and-calls-without-the-sdks-middle.md).
 */
export function shortenItemCalls(client: DynamoDBClient, options: Options = {}): void {
  const call = createCaller(client, options)
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const operation = OPERATIONS[commandName ?? '']
        const body = operation && writeBody(operation, args.input as Fields)
        if (operation === undefined || body === undefined) return next(args)
        const reply = await call(String(commandName).slice(0, -'Command'.length), body)
        const output = { ...operation.read(reply.fields), $metadata: reply.metadata }
        return { response: {}, output: output as never }
      },
    { step: 'initialize', priority: 'high', name: 'itemCalls' },
  )
}

/** Returns undefined if the input holds what the SDK must write. */
function writeBody({ write }: Operation, input: Fields): string | undefined {
  try {
    return JSON.stringify(write(input))
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    throw error
  }
}

type Reply = { readonly fields: Fields; readonly metadata: object }

function createCaller(client: DynamoDBClient, { endpoint, sleep = delay, triesMs = TRIES_MS }: Options) {
  const exchange = createExchange(client, endpoint)
  let tokens = RETRY_TOKENS
  return async (name: string, body: string): Promise<Reply> => {
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await exchange(name, body, triesMs[attempt - 1] ?? 0)
        tokens = Math.min(RETRY_TOKENS, tokens + 1)
        return reply
      } catch (error) {
        const pause = pauseAfter(error)
        if (pause === undefined || attempt === triesMs.length || tokens < RETRY_COST) throw error
        tokens -= RETRY_COST
        await sleep(Math.random() * pause * 2 ** (attempt - 1))
      }
    }
  }
}

/** Returns the ceiling of the pause before another try, in milliseconds; undefined if there must be none. */
function pauseAfter(error: unknown): number | undefined {
  if (!(error instanceof DynamoDBServiceException)) return FIRST_PAUSE_MS // the network, or the time is over
  if (WITH_LONG_PAUSE.has(error.name)) return THROTTLED_PAUSE_MS
  const status = error.$metadata.httpStatusCode ?? 0
  return status >= 500 || (SKEW_ERRORS.has(error.name) && error.$retryable) ? FIRST_PAUSE_MS : undefined
}

/** After these a retry waits longer than after other failures. */
const WITH_LONG_PAUSE: ReadonlySet<string> = new Set([
  ...THROTTLES,
  'LimitExceededException',
  'TransactionInProgressException',
])
const SKEW_ERRORS: ReadonlySet<string> = new Set(['InvalidSignatureException', 'RequestTimeTooSkewed'])

function createExchange(client: DynamoDBClient, endpoint: string | undefined) {
  let target: Promise<Target> | undefined
  let offset = 0
  return async (name: string, body: string, timeoutMs: number): Promise<Reply> => {
    target ??= findTarget(client, endpoint)
    const { region, request } = await target.catch((error: unknown) => {
      target = undefined
      throw error
    })
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${name}`,
    }
    const credentials = await client.config.credentials()
    const reply = await request(
      { path: '/', headers, payload: payloadOf(body), timeoutMs },
      { credentials, region, now: Date.now() + offset },
    )
    if (reply.status < 300) return { fields: readFields(reply), metadata: metadataOf(reply) }
    const error = errorOf(reply)
    const skew = Date.parse(reply.headers.date ?? '') - Date.now()
    if (SKEW_ERRORS.has(error.name) && Math.abs(skew - offset) > SKEW_MS) {
      offset = skew
      error.$retryable = {}
    }
    throw error
  }
}

type Target = { readonly region: string; readonly request: ReturnType<typeof signedRequester> }

/** Asks the configuration of the client once; the SDK evaluates the rules of endpoints for each call. */
async function findTarget({ config }: DynamoDBClient, given: string | undefined): Promise<Target> {
  const { endpointProvider, useFipsEndpoint: isFips, useDualstackEndpoint: isDualStack } = config
  const region = await config.region()
  const parameters = { Region: region, UseFIPS: await isFips(), UseDualStack: await isDualStack() }
  const endpoint = new URL(given ?? endpointProvider(parameters).url)
  return { region, request: signedRequester('dynamodb', endpoint) }
}

function readFields({ body }: HttpReply): Fields {
  return body.length === 0 ? {} : JSON.parse(body.toString())
}

function metadataOf({ status, headers }: HttpReply) {
  return { httpStatusCode: status, requestId: String(headers['x-amzn-requestid'] ?? '') }
}

/** The error's name is the end of `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`. */
function errorOf(reply: HttpReply): DynamoDBServiceException {
  const { __type = 'Unknown', message, Message, ...rest } = readErrorFields(reply)
  const name = String(__type).replace(/^.*#/, '').replace(/:.*$/, '')
  const error = new DynamoDBServiceException({
    name,
    $fault: reply.status >= 500 ? 'server' : 'client',
    $metadata: metadataOf(reply),
    message: String(message ?? Message ?? `DynamoDB responded with ${reply.status}`),
  })
  const { Item } = rest // of a conditional write that asks for it
  return Item === undefined ? error : Object.assign(error, { Item: fromAttributes(Item as Attributes) })
}

/** A proxy may respond with something that is not JSON. */
function readErrorFields(reply: HttpReply): Fields {
  try {
    return readFields(reply)
  } catch {
    return {}
  }
}

const optional = <T, R>(value: T | undefined, convert: (value: T) => R): R | undefined =>
  value === undefined || value === null ? undefined : convert(value)
const mapValues = <T, R>(values: object, convert: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, convert(value)]))

const writeItem = (input: Fields): Fields => ({
  ...input,
  Item: optional(input.Item as object, toAttributes),
  Key: optional(input.Key as object, toAttributes),
  ExclusiveStartKey: optional(input.ExclusiveStartKey as object, toAttributes),
  ExpressionAttributeValues: optional(input.ExpressionAttributeValues as object, toAttributes),
})
const readItems = ({ Item, Items, Attributes, LastEvaluatedKey, ...rest }: Fields): Fields => ({
  ...rest,
  ...(Item !== undefined && { Item: fromAttributes(Item as Attributes) }),
  ...(Items !== undefined && { Items: (Items as Attributes[]).map(fromAttributes) }),
  ...(Attributes !== undefined && { Attributes: fromAttributes(Attributes as Attributes) }),
  ...(LastEvaluatedKey !== undefined && { LastEvaluatedKey: fromAttributes(LastEvaluatedKey as Attributes) }),
})

type Keys<T> = { readonly Keys: readonly T[] }
type Write<T> = { readonly PutRequest?: { readonly Item: T }; readonly DeleteRequest?: { readonly Key: T } }

const convertKeys =
  <T, R>(convert: (item: T) => R) =>
  (table: Keys<T>): Keys<R> => ({ ...table, Keys: table.Keys.map(convert) })
const convertWrites =
  <T, R>(convert: (item: T) => R) =>
  (writes: readonly Write<T>[]): Write<R>[] =>
    writes.map(({ PutRequest, DeleteRequest }) => ({
      ...(PutRequest && { PutRequest: { Item: convert(PutRequest.Item) } }),
      ...(DeleteRequest && { DeleteRequest: { Key: convert(DeleteRequest.Key) } }),
    }))

const single: Operation = { write: writeItem, read: readItems }
const batchGet: Operation = {
  write: (input) => ({
    ...input,
    RequestItems: mapValues(input.RequestItems as object, convertKeys(toAttributes)),
  }),
  read: ({ Responses = {}, UnprocessedKeys = {}, ...rest }) => ({
    ...rest,
    Responses: mapValues(Responses as object, (items: Attributes[]) => items.map(fromAttributes)),
    UnprocessedKeys: mapValues(UnprocessedKeys as object, convertKeys(fromAttributes)),
  }),
}
const batchWrite: Operation = {
  write: (input) => ({
    ...input,
    RequestItems: mapValues(input.RequestItems as object, convertWrites(toAttributes)),
  }),
  read: ({ UnprocessedItems = {}, ...rest }) => ({
    ...rest,
    UnprocessedItems: mapValues(UnprocessedItems as object, convertWrites(fromAttributes)),
  }),
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  GetItemCommand: single,
  PutItemCommand: single,
  UpdateItemCommand: single,
  DeleteItemCommand: single,
  QueryCommand: single,
  ScanCommand: single,
  BatchGetItemCommand: batchGet,
  BatchWriteItemCommand: batchWrite,
}
