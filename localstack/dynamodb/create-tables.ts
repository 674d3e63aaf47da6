import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTablesCommand,
  type TimeToLiveSpecification,
  UpdateTimeToLiveCommand,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb'
import type { Service } from '../service.ts'

type Table = { readonly create: CreateTableCommandInput; readonly timeToLive?: TimeToLiveSpecification }

const DELETED_WITHIN_SECONDS = 60
/** A DynamoDB that is still starting, or throttles, does not end the start of the stack: the tries take about a minute. */
const ATTEMPTS = 10

/**
 * Creates the tables of `serverless.yml` that do not exist, and enables their time to live. Those of one run are created
 * again: the connections of a stack that was killed are gone, although its tables have them. So a DynamoDB belongs to one
 * stack at a time.
 */
export async function createTables(service: Service, endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: ATTEMPTS })
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  const tables = readTables(service)
  const ofOneRun = service.custom?.tablesOfOneRun ?? []
  const left = TableNames.filter((name) => ofOneRun.includes(name))
  await Promise.all(left.map((TableName) => deleteTable(client, TableName)))
  const kept = TableNames.filter((name) => !ofOneRun.includes(name))
  const missing = tables.filter(({ create: { TableName = '' } }) => !kept.includes(TableName))
  await Promise.all(
    missing.map(({ create }) => done(client.send(new CreateTableCommand(create)), 'ResourceInUseException')),
  )
  await Promise.all(tables.map((table) => enableTimeToLive(client, table)))
  client.destroy()
}

async function deleteTable(client: DynamoDBClient, TableName: string): Promise<void> {
  await done(client.send(new DeleteTableCommand({ TableName })), 'ResourceNotFoundException')
  await waitUntilTableNotExists({ client, maxWaitTime: DELETED_WITHIN_SECONDS, minDelay: 1 }, { TableName })
}

async function enableTimeToLive(client: DynamoDBClient, { create, timeToLive }: Table): Promise<void> {
  if (!timeToLive?.Enabled) return
  const { TableName } = create
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }))
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') return
  const update = new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: timeToLive })
  await done(client.send(update), 'ValidationException', /already enabled/)
}

/** Waits for a call. An error of this name says that an earlier try, whose response was lost, has done it already. */
async function done(call: Promise<unknown>, name: string, message = /./): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof Error && error.name === name && message.test(error.message))) throw error
  })
}

/** The DynamoDB tables among the resources, with the properties that CreateTable needs. */
function readTables(service: Service): Table[] {
  const resources = Object.values(service.resources?.Resources ?? {})
  return resources
    .filter(({ Type }) => Type === 'AWS::DynamoDB::Table')
    .map(({ Properties }) => {
      const { TableName, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, TimeToLiveSpecification } =
        Properties as CreateTableCommandInput & { readonly TimeToLiveSpecification?: TimeToLiveSpecification }
      const indexes = GlobalSecondaryIndexes && { GlobalSecondaryIndexes }
      return {
        create: { TableName, AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST', ...indexes },
        ...(TimeToLiveSpecification && { timeToLive: TimeToLiveSpecification }),
      }
    })
}
