import { randomUUID } from 'node:crypto'
import { DynamoError, invalid, notEmulated } from '../dynamo-error.ts'
import type { Tables } from '../storage/open-tables.ts'
import type { StoredTable } from '../storage/stored-table.ts'
import type { KeyAttribute, TableDefinition } from '../storage/table-definition.ts'
import {
  type Input,
  isRecord,
  optionalCount,
  optionalText,
  requiredList,
  requiredRecord,
  requiredText,
} from './request.ts'

const NAME = /^[a-zA-Z0-9_.-]{3,255}$/
const MAX_LISTED = 100

/** Creates a table, which can be used at once. Throws ResourceInUseException if there is one of that name. */
export function createTable(tables: Tables, input: Input): string {
  const definition = definitionOf(input)
  if (tables.find(definition.name))
    throw new DynamoError('ResourceInUseException', `Table already exists: ${definition.name}`)
  tables.create(definition)
  return JSON.stringify({ TableDescription: describe(definition) })
}

/** Deletes a table and its items. */
export function deleteTable(tables: Tables, input: Input): string {
  const table = existing(tables, input)
  tables.remove(table)
  return JSON.stringify({ TableDescription: { ...describe(table.definition), TableStatus: 'DELETING' } })
}

export function describeTable(tables: Tables, input: Input): string {
  return JSON.stringify({ Table: describe(existing(tables, input).definition) })
}

export function listTables(tables: Tables, input: Input): string {
  const limit = optionalCount(input, 'Limit', 1) ?? MAX_LISTED
  const after = optionalText(input, 'ExclusiveStartTableName') ?? ''
  const names = tables.all().map(({ definition }) => definition.name)
  const left = names.filter((name) => name > after)
  const TableNames = left.slice(0, limit)
  return JSON.stringify({
    TableNames,
    ...(left.length > limit && { LastEvaluatedTableName: TableNames.at(-1) }),
  })
}

/** Names the attribute that says when an item expires, in seconds, or that there is none any more. */
export function updateTimeToLive(tables: Tables, input: Input): string {
  const table = existing(tables, input)
  const specification = requiredRecord(input, 'TimeToLiveSpecification')
  const attribute = requiredText(specification, 'AttributeName')
  const isEnabled = specification.Enabled === true
  const { timeToLive } = table.definition
  if (isEnabled === (timeToLive !== null))
    throw invalid(`TimeToLive is already ${isEnabled ? 'enabled' : 'disabled'}`)
  if (!isEnabled && attribute !== timeToLive)
    throw invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${timeToLive}`)
  tables.setTimeToLive(table, isEnabled ? attribute : null)
  return JSON.stringify({ TimeToLiveSpecification: { AttributeName: attribute, Enabled: isEnabled } })
}

export function describeTimeToLive(tables: Tables, input: Input): string {
  const { timeToLive } = existing(tables, input).definition
  return JSON.stringify({
    TimeToLiveDescription: timeToLive
      ? { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive }
      : { TimeToLiveStatus: 'DISABLED' },
  })
}

function existing(tables: Tables, input: Input): StoredTable {
  const name = requiredText(input, 'TableName')
  const table = tables.find(name)
  if (table === undefined)
    throw new DynamoError(
      'ResourceNotFoundException',
      `Requested resource not found: Table: ${name} not found`,
    )
  return table
}

function definitionOf(input: Input): TableDefinition {
  const name = requiredText(input, 'TableName')
  if (!NAME.test(name))
    throw invalid(
      `1 validation error detected: Value '${name}' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+ and have a length of 3 to 255`,
    )
  if (input.GlobalSecondaryIndexes !== undefined || input.LocalSecondaryIndexes !== undefined)
    throw notEmulated('secondary indexes')
  if (isRecord(input.StreamSpecification) && input.StreamSpecification.StreamEnabled === true)
    throw notEmulated('streams')
  const types = typesOf(input)
  const keys = requiredList(input, 'KeySchema').map((key) => keyAttribute(key, types))
  const [hash, range] = keys
  if (hash?.role !== 'HASH' || keys.length > 2 || (range && range.role !== 'RANGE'))
    throw invalid(
      'Invalid KeySchema: The first KeySchemaElement is not a HASH key type, or the second is not a RANGE key type',
    )
  if (types.size !== keys.length)
    throw invalid(
      'One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    )
  return {
    name,
    id: randomUUID(),
    hashKey: hash.attribute,
    rangeKey: range?.attribute ?? null,
    billingMode: optionalText(input, 'BillingMode', ['PROVISIONED', 'PAY_PER_REQUEST']) ?? 'PROVISIONED',
    createdAt: Date.now() / 1000,
    timeToLive: null,
  }
}

function typesOf(input: Input): ReadonlyMap<string, KeyAttribute['type']> {
  const definitions = requiredList(input, 'AttributeDefinitions').map((definition) => {
    const attribute = isRecord(definition) ? definition : {}
    const type = optionalText(attribute, 'AttributeType', ['B', 'N', 'S'])
    return [requiredText(attribute, 'AttributeName'), type as KeyAttribute['type']] as const
  })
  return new Map(definitions)
}

function keyAttribute(key: unknown, types: ReadonlyMap<string, KeyAttribute['type']>) {
  const element = isRecord(key) ? key : {}
  const name = requiredText(element, 'AttributeName')
  const type = types.get(name)
  if (type === undefined)
    throw invalid(
      `One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [${name}], AttributeDefinitions: [${[...types.keys()].join(', ')}]`,
    )
  return { role: optionalText(element, 'KeyType', ['HASH', 'RANGE']), attribute: { name, type } }
}

/** As in DynamoDB the counts are not current; there they are updated about every six hours, here never. */
function describe({ name, id, hashKey, rangeKey, billingMode, createdAt }: TableDefinition) {
  const keys = rangeKey ? [hashKey, rangeKey] : [hashKey]
  return {
    TableName: name,
    TableId: id,
    TableArn: `arn:aws:dynamodb:local:000000000000:table/${name}`,
    TableStatus: 'ACTIVE',
    CreationDateTime: createdAt,
    AttributeDefinitions: keys.map((key) => ({ AttributeName: key.name, AttributeType: key.type })),
    KeySchema: keys.map((key) => ({ AttributeName: key.name, KeyType: key === hashKey ? 'HASH' : 'RANGE' })),
    BillingModeSummary: { BillingMode: billingMode },
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    ItemCount: 0,
    TableSizeBytes: 0,
  }
}
