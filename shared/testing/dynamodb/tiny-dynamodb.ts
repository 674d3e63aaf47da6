import type { DocumentClient } from '#shared/adapters/dynamodb/commands.ts'
import { runOperation } from '../../../localstack/dynamodb/operations/run-operation.ts'
import type { Item } from '../../../localstack/dynamodb/values/attribute-value.ts'
import { marshall, unmarshall } from './marshall.ts'
import { memoryTables } from './memory-tables.ts'
import { KEYS, type KeySchema, type TableName } from './tables.ts'

type Options = {
  /**
   * Awaited before each step that is not atomic with others in DynamoDB: each item of a batch, each page of a query.
   */
  readonly yieldPoint?: () => Promise<void>
  /** The maximum number of items in a page of a query. */
  readonly pageItems?: number
}
type Native = Readonly<Record<string, unknown>>
/** Runs an operation on a request and returns its response, both in DynamoDB's JSON. */
type Run = (operation: string, input: Native) => Native
type Steps = { readonly run: Run } & Required<Options>

/**
 * The DynamoDB of the local stack without HTTP and in memory, behind the document client's `send`. A test decides what
 * happens between any two steps. It has the tables of tables.ts. As in DynamoDB, the write of an item is atomic, and a
 * batch is not.
 */
export function tinyDynamodb({ yieldPoint = async () => {}, pageItems = 1000 }: Options = {}) {
  const tables = memoryTables()
  const run: Run = (operation, input) => JSON.parse(runOperation(tables, operation, input))
  for (const definition of DEFINITIONS) tables.create(definition)
  const steps = { run, yieldPoint, pageItems }
  const send = async (command: { readonly input: Native }) => {
    const operation = command.constructor.name.replace(/Command$/, '')
    const { input } = command
    if (operation === 'BatchWrite') return writeBatch(toRequest(input), steps)
    if (operation === 'BatchGet') return toResult(await readBatch(toRequest(input), steps))
    await yieldPoint()
    if (operation === 'Query') return toResult(queryPage(toRequest(input), steps))
    const name = operation === 'Scan' ? operation : `${operation}Item`
    return toResult(run(name, toRequest(input)))
  }
  /** Returns all items of a table. It is no step. */
  const itemsOf = (TableName: TableName) => toResult(run('Scan', { TableName })).Items as Native[]
  return { client: { send } as unknown as DocumentClient, itemsOf }
}

const DEFINITIONS = Object.entries(KEYS).map(([name, [hash, range, type = 'S']]: [string, KeySchema]) => ({
  name,
  id: name,
  hashKey: { name: hash, type: 'S' as const },
  rangeKey: { name: range, type },
  billingMode: 'PAY_PER_REQUEST',
  createdAt: 0,
  timeToLive: null,
}))

/** Returns one page. The last page has no last key even if it is full, so that a run has no empty steps. */
function queryPage(input: Native, { run, pageItems }: Steps): Native {
  const limit = Number(input.Limit ?? Number.POSITIVE_INFINITY)
  if (limit <= pageItems) return run('Query', input)
  const page = run('Query', { ...input, Limit: pageItems })
  const { LastEvaluatedKey, ...rest } = page
  if (LastEvaluatedKey === undefined) return page
  const next = run('Query', { ...input, Limit: 1, ExclusiveStartKey: LastEvaluatedKey })
  return next.ScannedCount === 0 ? rest : page
}

async function writeBatch({ RequestItems }: Native, { run, yieldPoint }: Steps): Promise<Native> {
  const requests = Object.entries(RequestItems as Record<string, readonly Native[]>)
  const writes = requests.flatMap(([table, list]) =>
    list.map(async (request) => {
      await yieldPoint()
      run('BatchWriteItem', { RequestItems: { [table]: [request] } })
    }),
  )
  await Promise.all(writes)
  return { UnprocessedItems: {} }
}

async function readBatch({ RequestItems }: Native, { run, yieldPoint }: Steps): Promise<Native> {
  const Responses: Record<string, unknown[]> = {}
  for (const [table, request] of Object.entries(RequestItems as Record<string, Native>)) {
    const keys = request.Keys as readonly unknown[]
    const middle = Math.ceil(keys.length / 2)
    for (const Keys of [keys.slice(0, middle), keys.slice(middle)]) {
      await yieldPoint()
      if (Keys.length === 0) continue
      const found = run('BatchGetItem', { RequestItems: { [table]: { ...request, Keys } } }).Responses
      Responses[table] = [...(Responses[table] ?? []), ...((found as typeof Responses)[table] ?? [])]
    }
  }
  return { Responses, UnprocessedKeys: {} }
}

/** The members of requests and responses that are an item, a key or values; lists of them; and those by table. */
const SINGLE = [
  'Item',
  'Key',
  'ExclusiveStartKey',
  'ExpressionAttributeValues',
  'Attributes',
  'LastEvaluatedKey',
]
const LISTS = ['Items', 'Keys']
const TABLES = ['RequestItems', 'Responses']

const toRequest = converter(marshall)
const toResult = converter((item) => unmarshall(item as Item))

/** Makes a function that returns a request or response with its items converted. */
function converter(convertItem: (item: Native) => Native) {
  const convert = (message: Native): Native => {
    const converted: Record<string, unknown> = { ...message }
    for (const name of SINGLE) if (message[name]) converted[name] = convertItem(message[name] as Native)
    for (const name of LISTS)
      if (message[name]) converted[name] = (message[name] as readonly Native[]).map(convertItem)
    for (const name of TABLES)
      if (message[name]) converted[name] = convertTables(message[name] as Readonly<Record<string, unknown>>)
    return converted
  }
  const convertTables = (tables: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(tables).map(([table, of]) => [table, convertTable(of)]))
  /** Reads are `{ Keys }`, writes a list of `{ PutRequest: { Item } }` and the like, results a list of items. */
  const convertTable = (of: unknown) => {
    if (!Array.isArray(of)) return convert(of as Native)
    return of.map((one: Native) => {
      const { PutRequest, DeleteRequest } = one
      if (PutRequest) return { PutRequest: convert(PutRequest as Native) }
      return DeleteRequest ? { DeleteRequest: convert(DeleteRequest as Native) } : convertItem(one)
    })
  }
  return convert
}

/** The names of the tables for the adapters. */
export const TINY_TABLES = {
  log: 'log',
  claims: 'claims',
  connections: 'connections',
  subscriptions: 'subscriptions',
  deadLetters: 'deadLetters',
  views: 'views',
  keys: 'keys',
  replays: 'replays',
} as const satisfies Record<keyof typeof KEYS, TableName>
