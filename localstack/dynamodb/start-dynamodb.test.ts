import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, describe, expect, test } from 'vitest'
import { startDynamodb } from './start-dynamodb.ts'

const server = await startDynamodb({ port: 0, dataDir: null, log: console.error })
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
const client = new DynamoDBClient({ endpoint: server.endpoint, region: 'local', credentials })
afterAll(async () => {
  client.destroy()
  await server.stop()
})

const TableName = 'measures'
const keyOf = (sensor: string, at: number | string) => ({ sensor: { S: sensor }, at: { N: String(at) } })
const put = (sensor: string, at: number | string, more: Record<string, { S: string } | { N: string }> = {}) =>
  client.send(new PutItemCommand({ TableName, Item: { ...keyOf(sensor, at), ...more } }))
const get = async (sensor: string, at: number | string) =>
  (await client.send(new GetItemCommand({ TableName, Key: keyOf(sensor, at) }))).Item

await client.send(
  new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'sensor', AttributeType: 'S' },
      { AttributeName: 'at', AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: 'sensor', KeyType: 'HASH' },
      { AttributeName: 'at', KeyType: 'RANGE' },
    ],
  }),
)

describe('tables', () => {
  const hashOnly = (name: string) => ({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'B' as const }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' as const }],
  })

  test('are described, listed and deleted with their items', async () => {
    await client.send(new CreateTableCommand(hashOnly('short-lived')))
    await client.send(
      new PutItemCommand({ TableName: 'short-lived', Item: { id: { B: Buffer.from([255]) } } }),
    )

    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'short-lived' }))
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    })
    const first = await client.send(new ListTablesCommand({ Limit: 1 }))
    expect(first).toMatchObject({ TableNames: ['measures'], LastEvaluatedTableName: 'measures' })
    const rest = await client.send(new ListTablesCommand({ ExclusiveStartTableName: 'measures' }))
    expect(rest.TableNames).toEqual(['short-lived'])

    await client.send(new DeleteTableCommand({ TableName: 'short-lived' }))
    await client.send(new CreateTableCommand(hashOnly('short-lived')))
    expect((await client.send(new ScanCommand({ TableName: 'short-lived' }))).Items).toEqual([])
    await client.send(new DeleteTableCommand({ TableName: 'short-lived' }))
  })

  test('that exist are not created again, and those that do not exist are named', async () => {
    const again = client.send(new CreateTableCommand(hashOnly(TableName)))
    await expect(again).rejects.toMatchObject({ name: 'ResourceInUseException' })
    const unknown = client.send(new DescribeTableCommand({ TableName: 'unknown' }))
    await expect(unknown).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Requested resource not found: Table: unknown not found',
    })
    const read = client.send(new GetItemCommand({ TableName: 'unknown', Key: keyOf('a', 1) }))
    await expect(read).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })

  test('have a time to live', async () => {
    const setting = (Enabled: boolean) =>
      client.send(
        new UpdateTimeToLiveCommand({
          TableName,
          TimeToLiveSpecification: { AttributeName: 'expires', Enabled },
        }),
      )
    const described = async () =>
      (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription

    expect(await described()).toEqual({ TimeToLiveStatus: 'DISABLED' })
    await setting(true)
    expect(await described()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' })
    await expect(setting(true)).rejects.toThrow('TimeToLive is already enabled')
    await setting(false)
    await expect(setting(false)).rejects.toThrow('TimeToLive is already disabled')
  })

  test('do not have what this emulator leaves out, and say what does', async () => {
    const index = {
      IndexName: 'by-id',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'ALL' as const },
    }
    const indexed = new CreateTableCommand({ ...hashOnly('indexed'), GlobalSecondaryIndexes: [index] })
    await expect(client.send(indexed)).rejects.toThrow(
      'secondary indexes. Set DYNAMODB_ENDPOINT to a DynamoDB Local',
    )
    await expect(client.send(new ListTagsOfResourceCommand({ ResourceArn: 'arn' }))).rejects.toThrow(
      'ListTagsOfResource. Set DYNAMODB_ENDPOINT',
    )
    const legacy = new PutItemCommand({ TableName, Item: keyOf('a', 1), Expected: { at: { Exists: false } } })
    await expect(client.send(legacy)).rejects.toThrow('the legacy parameter Expected')
  })
})

describe('items', () => {
  test('come back as they were written, with numbers of any length, binary, sets and every character', async () => {
    const item = {
      ...keyOf('as-is', '12345678901234567890.123456789'),
      text: { S: 'NUL \u0000, quote ", \u{1f600}, ' },
      bytes: { B: new Uint8Array([0, 255]) },
      sets: { L: [{ SS: ['b', 'a'] }, { NS: ['10', '2'] }, { BS: [new Uint8Array([1])] }] },
      empty: { M: { text: { S: '' }, list: { L: [] }, map: { M: {} } } },
      none: { NULL: true as const },
      no: { BOOL: false },
    }
    await client.send(new PutItemCommand({ TableName, Item: item }))
    expect(await get('as-is', '12345678901234567890.1234567890')).toEqual(item)
  })

  test('return what was asked for of an update', async () => {
    await put('returns', 1, { a: { N: '1' }, b: { S: 'kept' } })
    const update = async (ReturnValues: 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW') =>
      (
        await client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf('returns', 1),
            UpdateExpression: 'ADD a :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
            ReturnValues,
          }),
        )
      ).Attributes

    expect(await update('UPDATED_NEW')).toEqual({ a: { N: '2' } })
    expect(await update('UPDATED_OLD')).toEqual({ a: { N: '2' } })
    expect(await update('ALL_OLD')).toMatchObject({ a: { N: '3' }, b: { S: 'kept' } })
    expect(await update('ALL_NEW')).toMatchObject({ a: { N: '5' }, b: { S: 'kept' } })
    const removed = new DeleteItemCommand({ TableName, Key: keyOf('returns', 1), ReturnValues: 'ALL_OLD' })
    expect((await client.send(removed)).Attributes).toMatchObject({ a: { N: '5' } })
    expect((await client.send(removed)).Attributes).toBeUndefined()
  })

  test('whose condition fails do not change, and come back if asked for', async () => {
    await put('conditional', 1, { a: { N: '1' } })
    const write = new PutItemCommand({
      TableName,
      Item: keyOf('conditional', 1),
      ConditionExpression: 'attribute_not_exists(sensor)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    await expect(client.send(write)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: { ...keyOf('conditional', 1), a: { N: '1' } },
    })
    expect(await get('conditional', 1)).toMatchObject({ a: { N: '1' } })
  })

  test('are refused if the key or a value is wrong', async () => {
    const refused = async (Item: Record<string, never>, reason: string) =>
      expect(client.send(new PutItemCommand({ TableName, Item }))).rejects.toMatchObject({
        name: 'ValidationException',
        message: expect.stringContaining(reason),
      })
    const item = (more: object) => ({ ...keyOf('a', 1), ...more }) as unknown as Record<string, never>

    await refused({ sensor: { S: 'a' } } as never, 'Missing the key at in the item')
    await refused(item({ at: { S: '1' } }), 'Type mismatch for key at expected: N actual: S')
    await refused(item({ sensor: { S: '' } }), 'cannot contain an empty string value. Key: sensor')
    await refused(
      item({ sensor: { S: 'x'.repeat(2049) } }),
      'Size of hashkey has exceeded the maximum size limit',
    )
    await refused(item({ n: { N: 'seven' } }), 'cannot be converted to a numeric value: seven')
    await refused(item({ s: { SS: [] } }), 'An string set  may not be empty')
    await refused(item({ s: { NS: ['1', '1.0'] } }), 'contains duplicates')
    await refused(item({ s: { S: 'x'.repeat(410_000) } }), 'Item size has exceeded the maximum allowed size')
    const partial = new GetItemCommand({ TableName, Key: { sensor: { S: 'a' } } })
    await expect(client.send(partial)).rejects.toThrow('The provided key element does not match the schema')
  })

  test('cost the units that DynamoDB counts', async () => {
    const large = { text: { S: 'x'.repeat(5000) } }
    const capacity = { ReturnConsumedCapacity: 'TOTAL' as const }
    const key = { TableName, Key: keyOf('units', 1), ...capacity }
    const units = async (command: GetItemCommand | PutItemCommand | DeleteItemCommand) => {
      const { ConsumedCapacity } = await client.send(command as GetItemCommand)
      return ConsumedCapacity?.CapacityUnits
    }

    expect(await units(new GetItemCommand(key))).toBe(0.5)
    expect(await units(new PutItemCommand({ TableName, Item: keyOf('units', 1), ...capacity }))).toBe(1)
    expect(
      await units(new PutItemCommand({ TableName, Item: { ...keyOf('units', 1), ...large }, ...capacity })),
    ).toBe(5)
    expect(await units(new PutItemCommand({ TableName, Item: keyOf('units', 1), ...capacity }))).toBe(5)
    await put('units', 1, large)
    expect(await units(new GetItemCommand({ ...key, ConsistentRead: true }))).toBe(2)
    expect(await units(new GetItemCommand(key))).toBe(1)
    expect(await units(new DeleteItemCommand(key))).toBe(5)
    const write = { Put: { TableName, Item: { ...keyOf('units', 2), ...large } } }
    const transaction = await client.send(
      new TransactWriteItemsCommand({ TransactItems: [write], ...capacity }),
    )
    expect(transaction.ConsumedCapacity).toMatchObject([{ TableName, CapacityUnits: 10 }])
  })
})

describe('a query', () => {
  const query = (more: Partial<QueryCommandInput>) =>
    client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'sensor = :sensor',
        ...more,
        ExpressionAttributeValues: { ':sensor': { S: 'series' }, ...more.ExpressionAttributeValues },
      }),
    )
  const times = (items: readonly Record<string, { N?: string }>[] = []) =>
    items.map(({ at }) => Number(at?.N))
  const order = [-100, -2.5, -1, 0, 1, 1.5, 2, 10, 1e20]

  test('returns items by their numbers, in both directions, with bounds on the range', async () => {
    await Promise.all(order.map((at) => put('series', at, { even: { N: String(at % 2) } })))
    const between = (low: number, high: number) => ({
      KeyConditionExpression: 'sensor = :sensor AND #at BETWEEN :low AND :high',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':low': { N: String(low) }, ':high': { N: String(high) } },
    })

    expect(times((await query({})).Items)).toEqual(order)
    expect(times((await query({ ScanIndexForward: false })).Items)).toEqual(order.toReversed())
    expect(times((await query(between(-2.5, 1.5))).Items)).toEqual([-2.5, -1, 0, 1, 1.5])
    expect((await query({ Select: 'COUNT' })).Count).toBe(order.length)
  })

  test('continues after each of its pages, and filters after it has counted', async () => {
    const seen: number[] = []
    const sizes: (number | undefined)[] = []
    let ExclusiveStartKey: QueryCommandInput['ExclusiveStartKey']
    do {
      const page = await query({
        Limit: 3,
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
        FilterExpression: 'even = :zero',
        ExpressionAttributeValues: { ':zero': { N: '0' } },
      })
      seen.push(...times(page.Items))
      sizes.push(page.ScannedCount)
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)

    expect(seen).toEqual(order.filter((at) => at % 2 === 0))
    expect(sizes).toEqual([3, 3, 3, 0])
  })

  test('ends a page at 1 MB', async () => {
    const text = { S: 'x'.repeat(300_000) }
    for (let at = 0; at < 6; at++) await put('large', at, { text })
    const page = await query({
      ExpressionAttributeValues: { ':sensor': { S: 'large' } },
      ProjectionExpression: '#at',
      ExpressionAttributeNames: { '#at': 'at' },
      ReturnConsumedCapacity: 'TOTAL',
      ConsistentRead: true,
    })

    expect(times(page.Items)).toEqual([0, 1, 2, 3])
    expect(page.LastEvaluatedKey).toEqual(keyOf('large', 3))
    expect(page.ConsumedCapacity?.CapacityUnits).toBe(293)
  })

  test.each([
    ['#at = :at', 'Query condition missed key schema element: sensor'],
    ['sensor > :sensor', 'Query key condition not supported'],
    ['sensor = :sensor OR #at = :at', 'Invalid operator used in KeyConditionExpression: OR'],
    ['sensor = :at', 'Condition parameter type does not match schema type'],
    ['sensor = :sensor AND sensor = :sensor', 'must only contain one condition per key'],
  ])('with the condition %s is refused', async (KeyConditionExpression, reason) => {
    const used = (name: string) => KeyConditionExpression.includes(name)
    const command = new QueryCommand({
      TableName,
      KeyConditionExpression,
      ...(used('#at') && { ExpressionAttributeNames: { '#at': 'at' } }),
      ExpressionAttributeValues: {
        ...(used(':sensor') && { ':sensor': { S: 'a' } }),
        ...(used(':at') && { ':at': { N: '1' } }),
      },
    })
    await expect(client.send(command)).rejects.toThrow(reason)
  })

  test('whose placeholders are not defined or not used is refused', async () => {
    const undefinedValue = new QueryCommand({ TableName, KeyConditionExpression: 'sensor = :sensor' })
    await expect(client.send(undefinedValue)).rejects.toThrow(
      'An expression attribute value used in expression is not defined; attribute value: :sensor',
    )
    await expect(query({ ExpressionAttributeNames: { '#at': 'at' } })).rejects.toThrow(
      'Value provided in ExpressionAttributeNames unused in expressions: keys: {#at}',
    )
    await expect(query({ FilterExpression: 'sensor = :sensor' })).rejects.toThrow(
      'Filter Expression can only contain non-primary key attributes: Primary key attribute: sensor',
    )
  })

  test('orders text by its UTF-8 bytes and finds what begins with a prefix', async () => {
    const name = { TableName: 'names' }
    await client.send(
      new CreateTableCommand({
        ...name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'all', AttributeType: 'S' },
          { AttributeName: 'word', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'all', KeyType: 'HASH' },
          { AttributeName: 'word', KeyType: 'RANGE' },
        ],
      }),
    )
    const words = ['a', 'a\u0000b', 'ab', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10ffff}', '\u{10ffff}b']
    for (const word of words.toSorted())
      await client.send(new PutItemCommand({ ...name, Item: { all: { S: 'x' }, word: { S: word } } }))
    const startingWith = async (prefix: string) => {
      const { Items = [] } = await client.send(
        new QueryCommand({
          ...name,
          KeyConditionExpression: '#all = :all AND begins_with(word, :prefix)',
          ExpressionAttributeNames: { '#all': 'all' },
          ExpressionAttributeValues: { ':all': { S: 'x' }, ':prefix': { S: prefix } },
        }),
      )
      return Items.map(({ word }) => word?.S)
    }

    const { Items = [] } = await client.send(new ScanCommand(name))
    expect(Items.map(({ word }) => word?.S)).toEqual(words)
    expect(await startingWith('a')).toEqual(['a', 'a\u0000b', 'ab'])
    expect(await startingWith('\ud7ff')).toEqual(['\ud7ff'])
    expect(await startingWith('\u{10ffff}')).toEqual(['\u{10ffff}', '\u{10ffff}b'])
  })
})

describe('a batch', () => {
  const write = (requests: NonNullable<BatchWriteItemCommandInput['RequestItems']>[string]) =>
    client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }))

  test('puts and deletes, and reads what is there', async () => {
    await put('batch', 0)
    const puts = Array.from({ length: 24 }, (_, at) => ({ PutRequest: { Item: keyOf('batch', at + 1) } }))
    await write([...puts, { DeleteRequest: { Key: keyOf('batch', 0) } }])

    const Keys = Array.from({ length: 100 }, (_, at) => keyOf('batch', at))
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ProjectionExpression: 'sensor' } } }),
    )
    expect(Responses?.[TableName]).toEqual(Array.from({ length: 24 }, () => ({ sensor: { S: 'batch' } })))
    expect(UnprocessedKeys).toEqual({})
  })

  test('that is too large, or has an item twice, is refused as a whole', async () => {
    const item = { PutRequest: { Item: keyOf('refused', 1) } }
    await expect(write([item, { DeleteRequest: { Key: keyOf('refused', '1.0') } }])).rejects.toThrow(
      'Provided list of item keys contains duplicates',
    )
    const many = Array.from({ length: 26 }, (_, at) => ({ PutRequest: { Item: keyOf('refused', at) } }))
    await expect(write(many)).rejects.toThrow('Too many items requested for the BatchWriteItem call')
    const Keys = Array.from({ length: 101 }, (_, at) => keyOf('refused', at))
    const read = new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } })
    await expect(client.send(read)).rejects.toThrow('Too many items requested for the BatchGetItem call')
    expect(await get('refused', 1)).toBeUndefined()
  })

  test('leaves unprocessed what would make its response larger than 16 MB', async () => {
    const text = { S: 'x'.repeat(390_000) }
    for (let at = 0; at < 45; at++) await put('huge', at, { text })
    const Keys = Array.from({ length: 45 }, (_, at) => keyOf('huge', at))
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }),
    )
    expect(Responses?.[TableName]?.length).toBe(Math.floor((16 * 1024 * 1024) / 390_013))
    expect(UnprocessedKeys?.[TableName]?.Keys?.length).toBe(45 - (Responses?.[TableName]?.length ?? 0))
  })
})

describe('a transaction', () => {
  test('writes all or nothing, and says why', async () => {
    const write = (expected: string) =>
      client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName, Item: keyOf('transaction', 1) } },
            {
              Update: {
                TableName,
                Key: keyOf('transaction', 2),
                UpdateExpression: 'ADD a :one',
                ExpressionAttributeValues: { ':one': { N: '1' } },
              },
            },
            {
              ConditionCheck: {
                TableName,
                Key: keyOf('transaction', 3),
                ConditionExpression: expected,
              },
            },
          ],
        }),
      )
    await expect(write('attribute_exists(sensor)')).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
    })
    expect(await get('transaction', 1)).toBeUndefined()

    await write('attribute_not_exists(sensor)')

    const reads = [1, 2, 3].map((at) => ({ Get: { TableName, Key: keyOf('transaction', at) } }))
    const { Responses } = await client.send(new TransactGetItemsCommand({ TransactItems: reads }))
    expect(Responses).toEqual([
      { Item: keyOf('transaction', 1) },
      { Item: { ...keyOf('transaction', 2), a: { N: '1' } } },
      {},
    ])
  })
})

describe('the protocol', () => {
  const post = (target: string, body: string) =>
    fetch(server.endpoint, { method: 'POST', headers: { 'x-amz-target': target }, body })

  test('names errors as DynamoDB does', async () => {
    const unreadable = await post('DynamoDB_20120810.GetItem', '{')
    expect(unreadable.status).toBe(400)
    expect(await unreadable.json()).toMatchObject({
      __type: 'com.amazon.coral.service#SerializationException',
    })
    const unknown = await post('Other.GetItem', '{}')
    expect(await unknown.json()).toMatchObject({
      __type: 'com.amazon.coral.service#UnknownOperationException',
    })
    const wrong = await post('DynamoDB_20120810.GetItem', '{"TableName":"measures"}')
    expect(await wrong.json()).toMatchObject({ __type: 'com.amazon.coral.validate#ValidationException' })
  })

  test('has a checksum and a length', async () => {
    const response = await post('DynamoDB_20120810.ListTables', '{}')
    const body = await response.text()
    expect(response.headers.get('content-length')).toBe(String(body.length))
    expect(Number(response.headers.get('x-amz-crc32'))).toBeGreaterThan(0)
  })

  test('keeps many clients apart that write at once', async () => {
    const writes = Array.from({ length: 200 }, (_, index) =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyOf('counter', index % 2),
          UpdateExpression: 'ADD a :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        }),
      ),
    )
    await Promise.all(writes)
    expect(await get('counter', 0)).toMatchObject({ a: { N: '100' } })
    expect(await get('counter', 1)).toMatchObject({ a: { N: '100' } })
  })
})
