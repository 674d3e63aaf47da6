import {
  DeleteCommand,
  type DocumentClient,
  GetCommand,
  PutCommand,
} from '#shared/adapters/dynamodb/commands.ts'
import { queryAll, succeeds } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { hashOf } from '#shared/adapters/dynamodb/hash.ts'
import {
  type SenderKeyStore,
  WANTED_AT_ONCE,
  WANTED_FOR_MS,
  type Wanted,
} from '#shared/pipeline/sender-key-store.ts'

// keys table, key (kind, item):
//   (sender, https://…)        text, copied: what a sender of webhooks publishes at an address
//   (sender-wanted, slot-7)    address, at: what is to be fetched. There are WANTED_AT_ONCE slots, so that those who name
//                              addresses that nobody needs cannot fill the table. Each minute an address has another one.

const KIND = 'sender'
const WANTED = 'sender-wanted'
const MINUTE_MS = 60_000

/** The SenderKeyStore on DynamoDB. Only `signing-keys` may write copies, only `webhooks` may ask (infra/access). */
export function dynamoSenderKeyStore(
  client: DocumentClient,
  { table }: { readonly table: string },
): SenderKeyStore {
  return {
    async find(address) {
      const Key = { kind: KIND, item: address }
      const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
      return Item ? { text: String(Item.text), copied: Number(Item.copied) } : null
    },
    async save(address, { text, copied }) {
      const put = new PutCommand({
        TableName: table,
        Item: { kind: KIND, item: address, text, copied },
        ConditionExpression: 'attribute_not_exists(#kind) OR #copied < :copied',
        ExpressionAttributeNames: { '#kind': 'kind', '#copied': 'copied' },
        ExpressionAttributeValues: { ':copied': copied },
      })
      await succeeds(client.send(put))
    },
    async want({ address, at }) {
      const put = new PutCommand({
        TableName: table,
        Item: { kind: WANTED, item: slotOf({ address, at }), address, at },
        ConditionExpression: 'attribute_not_exists(#kind) OR #address = :address OR #at < :past',
        ExpressionAttributeNames: { '#kind': 'kind', '#address': 'address', '#at': 'at' },
        ExpressionAttributeValues: { ':address': address, ':past': at - WANTED_FOR_MS },
      })
      return succeeds(client.send(put))
    },
    async wanted() {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#kind = :kind',
        ExpressionAttributeNames: { '#kind': 'kind' },
        ExpressionAttributeValues: { ':kind': WANTED },
      })
      return items.map(({ address, at }) => ({ address: String(address), at: Number(at) }))
    },
    async settle({ address, at }) {
      const remove = new DeleteCommand({
        TableName: table,
        Key: { kind: WANTED, item: slotOf({ address, at }) },
        ConditionExpression: '#address = :address AND #at = :at',
        ExpressionAttributeNames: { '#address': 'address', '#at': 'at' },
        ExpressionAttributeValues: { ':address': address, ':at': at },
      })
      await succeeds(client.send(remove))
    },
  }
}

function slotOf({ address, at }: Wanted): string {
  return `slot-${hashOf(`${Math.floor(at / MINUTE_MS)} ${address}`) % WANTED_AT_ONCE}`
}
