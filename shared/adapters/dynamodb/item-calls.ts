import { setTimeout as delay } from 'node:timers/promises'
import type { HttpReply } from '#shared/adapters/aws/keep-alive-request.ts'
import { THROTTLES } from '#shared/adapters/aws/outage.ts'
import type { AwsCredentials } from '#shared/adapters/aws/sign-request.ts'
import { payloadOf, signedRequester } from '#shared/adapters/aws/signed-request.ts'
import { type Attributes, fromAttributes, toAttributes } from './attributes.ts'
import type { DocumentClient, Operation } from './commands.ts'

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
type Marshalling = { readonly write: (input: Fields) => Fields; readonly read: (output: Fields) => Fields }

type Options = {
  readonly endpoint: URL
  readonly region: string
  readonly credentials: AwsCredentials
  /** The maximum duration of each try, in milliseconds. */
  readonly triesMs?: readonly number[]
  readonly sleep?: (ms: number) => Promise<unknown>
}

/** An error of DynamoDB, as the SDK's client throws it. `Item` is the one that a condition met, if it was asked for. */
export class DynamoError extends Error {
  readonly $fault: 'client' | 'server'
  readonly $metadata: Metadata
  $retryable: object | undefined

  constructor(name: string, message: string, metadata: Metadata) {
    super(message)
    this.name = name
    this.$fault = metadata.httpStatusCode >= 500 ? 'server' : 'client'
    this.$metadata = metadata
  }
}
type Metadata = { readonly httpStatusCode: number; readonly requestId: string }

/**
 * Returns a client that calls DynamoDB about items. It marshalls, signs, sends, retries throttles, failures of the server
 * and of the network, and throws the same errors as the SDK's document client, which is what item-calls.test.ts compares
 * it with. What it leaves out is the generality that costs the SDK three quarters of the CPU of a call, and half of the
 * start of a function (docs/adr/0044-functions-without-the-sdk.md).
 */
export function itemClient(options: Options): DocumentClient {
  const call = createCaller(options)
  return {
    async send<Output>({ operation, input }: { readonly operation: Operation; readonly input: object }) {
      const { write, read } = MARSHALLING[operation]
      const { fields, metadata } = await call(operation, JSON.stringify(write(input as Fields)))
      return { ...read(fields), $metadata: metadata } as Output
    },
  }
}

type Reply = { readonly fields: Fields; readonly metadata: Metadata }

function createCaller({ sleep = delay, triesMs = TRIES_MS, ...options }: Options) {
  const exchange = createExchange(options)
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
  if (!(error instanceof DynamoError)) return FIRST_PAUSE_MS // the network, or the time is over
  if (WITH_LONG_PAUSE.has(error.name)) return THROTTLED_PAUSE_MS
  const status = error.$metadata.httpStatusCode
  return status >= 500 || (SKEW_ERRORS.has(error.name) && error.$retryable) ? FIRST_PAUSE_MS : undefined
}

/** After these a retry waits longer than after other failures. */
const WITH_LONG_PAUSE: ReadonlySet<string> = new Set([
  ...THROTTLES,
  'LimitExceededException',
  'TransactionInProgressException',
])
const SKEW_ERRORS: ReadonlySet<string> = new Set(['InvalidSignatureException', 'RequestTimeTooSkewed'])

function createExchange({ endpoint, region, credentials }: Omit<Options, 'sleep' | 'triesMs'>) {
  const request = signedRequester('dynamodb', endpoint)
  let offset = 0
  return async (name: string, body: string, timeoutMs: number): Promise<Reply> => {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${name}`,
    }
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

function readFields({ body }: HttpReply): Fields {
  return body.length === 0 ? {} : JSON.parse(body.toString())
}

function metadataOf({ status, headers }: HttpReply): Metadata {
  return { httpStatusCode: status, requestId: String(headers['x-amzn-requestid'] ?? '') }
}

/** The error's name is the end of `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`. */
function errorOf(reply: HttpReply): DynamoError {
  const { __type = 'Unknown', message, Message, ...rest } = readErrorFields(reply)
  const name = String(__type).replace(/^.*#/, '').replace(/:.*$/, '')
  const text = String(message ?? Message ?? `DynamoDB responded with ${reply.status}`)
  const error = new DynamoError(name, text, metadataOf(reply))
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

const single: Marshalling = { write: writeItem, read: readItems }
const batchGet: Marshalling = {
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
const batchWrite: Marshalling = {
  write: (input) => ({
    ...input,
    RequestItems: mapValues(input.RequestItems as object, convertWrites(toAttributes)),
  }),
  read: ({ UnprocessedItems = {}, ...rest }) => ({
    ...rest,
    UnprocessedItems: mapValues(UnprocessedItems as object, convertWrites(fromAttributes)),
  }),
}

const MARSHALLING: Readonly<Record<Operation, Marshalling>> = {
  GetItem: single,
  PutItem: single,
  UpdateItem: single,
  DeleteItem: single,
  Query: single,
  Scan: single,
  BatchGetItem: batchGet,
  BatchWriteItem: batchWrite,
}
