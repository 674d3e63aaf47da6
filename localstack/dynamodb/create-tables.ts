import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb'
import type { Service } from '../service.ts'

/** Creates the tables of `serverless.yml` that do not exist. The emulator has no time to live: readers ignore expired items. */
export async function createTables(service: Service, endpoint: string): Promise<void> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials })
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  const missing = readTables(service).filter(({ TableName = '' }) => !TableNames.includes(TableName))
  await Promise.all(missing.map((table) => client.send(new CreateTableCommand(table))))
  client.destroy()
}

/** The DynamoDB tables among the resources, with the properties that CreateTable needs. */
function readTables(service: Service): CreateTableCommandInput[] {
  const resources = Object.values(service.resources?.Resources ?? {})
  return resources
    .filter(({ Type }) => Type === 'AWS::DynamoDB::Table')
    .map(({ Properties }) => {
      const { TableName, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } =
        Properties as CreateTableCommandInput
      const indexes = GlobalSecondaryIndexes && { GlobalSecondaryIndexes }
      return { TableName, AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST', ...indexes }
    })
}
