import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

type Options = { readonly endpoint?: string | undefined; readonly isLocal?: boolean }

/** Creates the client of DynamoDB, or of what is at `endpoint`. With `isLocal` it signs with credentials of no account. */
export function dynamoClient({ endpoint, isLocal = false }: Options = {}): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    ...(endpoint !== undefined && { endpoint }),
    ...(isLocal && { region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  })
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
}
