import { type DocumentClient, GetCommand } from '#shared/adapters/dynamodb/commands.ts'
import { deleteAll, type Item, putAll, queryAll } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { isUserName } from '#shared/core/access/principal.ts'
import { highestRole } from '#shared/core/access/role.ts'
import type { Person } from '#shared/pipeline/people/directory.ts'
import { identityOfName, type PersonStore } from '#shared/pipeline/people/person-store.ts'

// keys table, key (kind, item):
//   (person, ada@example.com)   name, role: somebody who can be assigned to; the item is the name in small letters
//   (person, #copied)           copied: when everybody was copied last

const KIND = 'person'
/** No name has the sign. */
const COPIED = { kind: KIND, item: '#copied' }

/** The PersonStore on DynamoDB. Only the function `people` may write it (infra/access/function-access.ts). */
export function dynamoPersonStore(
  client: DocumentClient,
  { table }: { readonly table: string },
): PersonStore {
  const keyOf = (name: string) => ({ kind: KIND, item: identityOfName(name) })
  return {
    async all() {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#kind = :kind',
        ExpressionAttributeNames: { '#kind': 'kind' },
        ExpressionAttributeValues: { ':kind': KIND },
      })
      return items.flatMap((item) => toPerson(item) ?? [])
    },
    async find(name) {
      if (!isUserName(name)) return null
      const get = new GetCommand({ TableName: table, Key: keyOf(name), ConsistentRead: true })
      const { Item } = await client.send(get)
      return Item ? toPerson(Item) : null
    },
    async put(people) {
      const items = people.map(({ name, role }) => ({ ...keyOf(name), name, role }))
      await putAll(client, table, items)
    },
    async remove(names) {
      await deleteAll(client, table, names.map(keyOf))
    },
    async noteCopied(at) {
      await putAll(client, table, [{ ...COPIED, copied: at }])
    },
    async copied() {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: COPIED, ConsistentRead: true }),
      )
      return Item ? Number(Item.copied) : null
    },
  }
}

function toPerson({ name, role }: Item): Person | null {
  const known = highestRole([role])
  return known && { name: String(name), role: known }
}
