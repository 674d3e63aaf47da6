import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTablesCommand,
  type TimeToLiveSpecification,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import type { Service } from '../service.ts'

type Table = { readonly create: CreateTableCommandInput; readonly timeToLive?: TimeToLiveSpecification }

/** Creates the tables of `serverless.yml` that do not exist, and enables their time to live. */
export async function createTables(service: Service, endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials })
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  const tables = readTables(service)
  const missing = tables.filter(({ create: { TableName = '' } }) => !TableNames.includes(TableName))
  await Promise.all(missing.map(({ create }) => client.send(new CreateTableCommand(create))))
  await Promise.all(tables.map((table) => enableTimeToLive(client, table)))
  client.destroy()
}

async function enableTimeToLive(client: DynamoDBClient, { create, timeToLive }: Table): Promise<void> {
  if (!timeToLive?.Enabled) return
  const { TableName } = create
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }))
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') return
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: timeToLive }))
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
