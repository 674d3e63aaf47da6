import fc from 'fast-check'
import { expect, test } from 'vitest'
import { propertyRuns, TEST_SEED } from '#shared/testing/test-seed.ts'
import { runOperation } from './operations/run-operation.ts'
import { openTables } from './storage/open-tables.ts'

const RUNS = propertyRuns(200)
const TableName = 'model'

/** What the model keeps: every item has a number that counts its changes and a text that grows. */
type Row = { readonly hash: string; readonly range: number; readonly count: number; readonly text: string }

const hashes = ['a', 'b\u0000', '\ufffd', '\u{1f600}'] as const
const ranges = [-1000.5, -2, -1.25, -1, 0, 0.001, 1, 9, 10, 10.5, 99, 100, 1e21] as const
const key = fc.record({ hash: fc.constantFrom(...hashes), range: fc.constantFrom(...ranges) })
const put = fc.record({
  kind: fc.constant('put' as const),
  key,
  count: fc.integer({ min: -3, max: 3 }),
  isNew: fc.boolean(),
})
const remove = fc.record({
  kind: fc.constant('delete' as const),
  key,
  above: fc.integer({ min: -3, max: 3 }),
})
const update = fc.record({ kind: fc.constant('update' as const), key, by: fc.integer({ min: -2, max: 2 }) })
const batch = fc.record({
  kind: fc.constant('batch' as const),
  keys: fc.uniqueArray(key, {
    minLength: 1,
    maxLength: 5,
    selector: ({ hash, range }) => `${hash}/${range}`,
  }),
  count: fc.integer(),
})
const query = fc.record({
  kind: fc.constant('query' as const),
  hash: fc.constantFrom(...hashes),
  bounds: fc.tuple(fc.constantFrom(...ranges), fc.constantFrom(...ranges)),
  isForward: fc.boolean(),
  limit: fc.integer({ min: 1, max: 4 }),
  above: fc.integer({ min: -4, max: 1 }),
})
const scan = fc.record({ kind: fc.constant('scan' as const), limit: fc.integer({ min: 1, max: 4 }) })
const step = fc.oneof(put, put, update, update, remove, batch, query, scan)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Response = Readonly<Record<string, never>> & { readonly Items?: readonly unknown[] }

test(`random operations leave what a plain model says, from seed ${TEST_SEED}`, () => {
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
    const tables = openTables(':memory:')
    const run = (operation: string, input: object): Response =>
      JSON.parse(runOperation(tables, operation, { TableName, ...input }))
    run('CreateTable', {
      AttributeDefinitions: [
        { AttributeName: 'hash', AttributeType: 'S' },
        { AttributeName: 'range', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'hash', KeyType: 'HASH' },
        { AttributeName: 'range', KeyType: 'RANGE' },
      ],
    })
    const rows = new Map<string, Row>()
    for (const one of steps) expect(runStep(one, run)).toEqual(modelStep(one, rows))
    tables.close()
  })
  fc.assert(property, { numRuns: RUNS })
})

type Key = { readonly hash: string; readonly range: number }
const keyOf = ({ hash, range }: Key) => ({ hash: { S: hash }, range: { N: String(range) } })
const itemOf = ({ count, text, ...own }: Row) => ({
  ...keyOf(own),
  count: { N: String(count) },
  text: { S: text },
})
const NAMES = { '#hash': 'hash', '#count': 'count', '#text': 'text', '#range': 'range' }
const namesOf = (...used: (keyof typeof NAMES)[]) => ({
  ExpressionAttributeNames: Object.fromEntries(used.map((name) => [name, NAMES[name]])),
})

/** Does a step on the tables. Returns the rows that it read, or whether its condition was met. */
function runStep(one: Step, run: (operation: string, input: object) => Response): unknown {
  switch (one.kind) {
    case 'put':
      return succeeds(() =>
        run('PutItem', {
          Item: itemOf({ ...one.key, count: one.count, text: 'put' }),
          ...(one.isNew && { ConditionExpression: 'attribute_not_exists(#hash)', ...namesOf('#hash') }),
        }),
      )
    case 'delete':
      return succeeds(() =>
        run('DeleteItem', {
          Key: keyOf(one.key),
          ConditionExpression: '#count > :above',
          ...namesOf('#count'),
          ExpressionAttributeValues: { ':above': { N: String(one.above) } },
        }),
      )
    case 'update':
      return toRow(
        run('UpdateItem', {
          Key: keyOf(one.key),
          UpdateExpression: 'SET #text = if_not_exists(#text, :text) ADD #count :by',
          ...namesOf('#text', '#count'),
          ExpressionAttributeValues: { ':text': { S: 'update' }, ':by': { N: String(one.by) } },
          ReturnValues: 'ALL_NEW',
        }).Attributes,
      )
    case 'batch': {
      const requests = one.keys.map((each, index) =>
        index % 2 === 0
          ? { PutRequest: { Item: itemOf({ ...each, count: one.count, text: 'batch' }) } }
          : { DeleteRequest: { Key: keyOf(each) } },
      )
      return void run('BatchWriteItem', { RequestItems: { [TableName]: requests } })
    }
    case 'query':
      return pages(run, 'Query', {
        KeyConditionExpression: '#hash = :hash AND #range BETWEEN :low AND :high',
        FilterExpression: '#count > :above',
        ...namesOf('#hash', '#range', '#count'),
        ExpressionAttributeValues: {
          ':hash': { S: one.hash },
          ':low': { N: String(Math.min(...one.bounds)) },
          ':high': { N: String(Math.max(...one.bounds)) },
          ':above': { N: String(one.above) },
        },
        ScanIndexForward: one.isForward,
        Limit: one.limit,
      })
    case 'scan':
      return pages(run, 'Scan', { Limit: one.limit })
  }
}

/** The same on a map. */
function modelStep(one: Step, rows: Map<string, Row>): unknown {
  const idOf = (each: Key) => `${each.hash}/${each.range}`
  switch (one.kind) {
    case 'put': {
      const isMet = !one.isNew || !rows.has(idOf(one.key))
      if (isMet) rows.set(idOf(one.key), { ...one.key, count: one.count, text: 'put' })
      return isMet
    }
    case 'delete': {
      const isMet = (rows.get(idOf(one.key))?.count ?? Number.NEGATIVE_INFINITY) > one.above
      if (isMet) rows.delete(idOf(one.key))
      return isMet
    }
    case 'update': {
      const { count, text } = rows.get(idOf(one.key)) ?? { count: 0, text: 'update' }
      const row = { ...one.key, count: count + one.by, text }
      rows.set(idOf(one.key), row)
      return row
    }
    case 'batch':
      for (const [index, each] of one.keys.entries())
        if (index % 2 === 0) rows.set(idOf(each), { ...each, count: one.count, text: 'batch' })
        else rows.delete(idOf(each))
      return undefined
    case 'query': {
      const [low, high] = [Math.min(...one.bounds), Math.max(...one.bounds)]
      const found = inOrder(rows).filter(
        ({ hash, range, count }) => hash === one.hash && range >= low && range <= high && count > one.above,
      )
      return one.isForward ? found : found.reverse()
    }
    case 'scan':
      return inOrder(rows)
  }
}

function inOrder(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows.values()].sort(
    (a, b) => Buffer.compare(Buffer.from(a.hash), Buffer.from(b.hash)) || a.range - b.range,
  )
}

function pages(run: (operation: string, input: object) => Response, operation: string, input: object): Row[] {
  const found: Row[] = []
  let from: object | undefined
  do {
    const page = run(operation, { ...input, ...(from && { ExclusiveStartKey: from }) })
    found.push(...(page.Items ?? []).map(toRow))
    from = page.LastEvaluatedKey
  } while (from)
  return found
}

function toRow(item: unknown): Row {
  const { hash, range, count, text } = item as Readonly<
    Record<string, { readonly S: string; readonly N: string }>
  >
  return { hash: hash?.S ?? '', range: Number(range?.N), count: Number(count?.N), text: text?.S ?? '' }
}

function succeeds(write: () => unknown): boolean {
  try {
    write()
    return true
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConditionalCheckFailedException' })
    return false
  }
}
