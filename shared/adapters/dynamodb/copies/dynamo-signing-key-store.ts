import { type DocumentClient, GetCommand, PutCommand } from '#shared/adapters/dynamodb/commands.ts'
import { succeeds } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import type { SigningKeyStore } from '#shared/pipeline/signing-key-store.ts'

// keys table, key (kind, item):
//   (issuer, https://…)   jwks, copied: the keys of an issuer, as they were

const KIND = 'issuer'

/** The SigningKeyStore on DynamoDB. Only the function `signing-keys` may write it (infra/access/function-access.ts). */
export function dynamoSigningKeyStore(
  client: DocumentClient,
  { table }: { readonly table: string },
): SigningKeyStore {
  return {
    async find(issuer) {
      const Key = { kind: KIND, item: issuer }
      const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
      return Item ? { jwks: String(Item.jwks), copied: Number(Item.copied) } : null
    },
    async save(issuer, { jwks, copied }) {
      const put = new PutCommand({
        TableName: table,
        Item: { kind: KIND, item: issuer, jwks, copied },
        ConditionExpression: 'attribute_not_exists(#kind) OR #copied < :copied',
        ExpressionAttributeNames: { '#kind': 'kind', '#copied': 'copied' },
        ExpressionAttributeValues: { ':copied': copied },
      })
      await succeeds(client.send(put))
    },
  }
}
