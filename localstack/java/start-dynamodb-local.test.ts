import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import { javaProblem } from './jvm.ts'
import { startDynamodbLocal } from './start-dynamodb-local.ts'

const skipped = process.env.JAVA_TESTS
  ? await javaProblem()
  : 'set JAVA_TESTS=1 to run it: it starts a JVM and downloads its jars once'
if (skipped) console.log(`skipping the DynamoDB Local test: ${skipped}`)

test.skipIf(skipped)(
  'DynamoDB Local refuses a transaction on a missing table as DynamoDB does',
  async () => {
    const { endpoint, stop } = await startDynamodbLocal()
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
    const put = { Put: { TableName: 'none', Item: { id: { S: 'a' } } } }

    const failed = client.send(new TransactWriteItemsCommand({ TransactItems: [put] }))

    await expect(failed).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    client.destroy()
    await stop()
  },
  120_000,
)
