import { type DocumentClient, PutCommand } from '#shared/adapters/dynamodb/commands.ts'
import { queryAll, succeeds } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { type HandshakeSecretStore, KEPT_SECRETS } from '#shared/pipeline/handshake-secret-store.ts'

// keys table, key (kind, item):
//   (handshake, asana#3)   secret: what a sender of webhooks sent in a handshake to sign with

const KIND = 'handshake'

/** The HandshakeSecretStore on DynamoDB. Only `webhooks` may write it (infra/access/function-access.ts). */
export function dynamoHandshakeSecretStore(
  client: DocumentClient,
  { table }: { readonly table: string },
): HandshakeSecretStore {
  return {
    async list(source) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#kind = :kind AND begins_with(#item, :source)',
        ExpressionAttributeNames: { '#kind': 'kind', '#item': 'item' },
        ExpressionAttributeValues: { ':kind': KIND, ':source': `${source}#` },
      })
      return items.map(({ secret }) => String(secret))
    },
    async keep(source, secret) {
      for (let slot = 0; slot < KEPT_SECRETS; slot++) {
        const put = new PutCommand({
          TableName: table,
          Item: { kind: KIND, item: `${source}#${slot}`, secret },
          ConditionExpression: 'attribute_not_exists(#kind) OR #secret = :secret',
          ExpressionAttributeNames: { '#kind': 'kind', '#secret': 'secret' },
          ExpressionAttributeValues: { ':secret': secret },
        })
        if (await succeeds(client.send(put))) return true
      }
      return false
    },
  }
}
