import type { ApiKey, KeyStore } from '#shared/pipeline/keys/key-store.ts'
import {
  DeleteCommand,
  type DocumentClient,
  GetCommand,
  PutCommand,
  type PutInput,
  UpdateCommand,
} from './commands.ts'
import { type Item, queryAll, succeeds } from './dynamo-requests.ts'

// keys table, key (kind, item):
//   (key, ci)                a key, whole: one conditional write changes it, and every reader sees all or nothing of it
//   (secret#<sha256>, key)   id: which key to look at; whether the secret holds is said by the key alone
//   (used, ci)               at: in a partition of its own, which is the only one that functions other than `accounts`
//                            may write (serverless.yml)
//   (source, urn:shop)       id: the key that the source belongs to
// The local stack seeds its keys in this form (localstack/dynamodb/seed-keys.ts).

const KEY = 'key'
const USED = 'used'
const SOURCE = 'source'

/** The KeyStore on DynamoDB. */
export function dynamoKeyStore(client: DocumentClient, { table }: { readonly table: string }): KeyStore {
  const get = async (kind: string, item: string): Promise<Item | undefined> => {
    const command = new GetCommand({ TableName: table, Key: { kind, item }, ConsistentRead: true })
    return (await client.send(command)).Item
  }
  const readAll = (kind: string) =>
    queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#kind = :kind',
      ExpressionAttributeNames: { '#kind': 'kind' },
      ExpressionAttributeValues: { ':kind': kind },
    })
  const find = async (id: string) => {
    const item = await get(KEY, id)
    return item ? toKey(item) : null
  }
  const ownerOf = async (source: string) => {
    const item = await get(SOURCE, source)
    return item ? String(item.id) : null
  }
  /** A pointer comes first: a secret that leads to a key which does not name it is no secret of it. */
  const point = ({ id, secrets }: ApiKey) =>
    Promise.all(
      secrets.map(({ hash }) =>
        client.send(new PutCommand({ TableName: table, Item: { kind: secretOf(hash), item: KEY, id } })),
      ),
    )

  type Condition = Pick<PutInput, 'ConditionExpression'> &
    Partial<Pick<PutInput, 'ExpressionAttributeNames' | 'ExpressionAttributeValues'>>
  /** Writes a key under a condition, after what leads to it. Returns whether the condition held. */
  const write = async (key: ApiKey, condition: Condition): Promise<boolean> => {
    await point(key)
    const Item = { ...key, kind: KEY, item: key.id }
    return succeeds(client.send(new PutCommand({ TableName: table, Item, ...condition })))
  }

  return {
    find,

    add: (key) =>
      write(key, {
        ConditionExpression: 'attribute_not_exists(#kind)',
        ExpressionAttributeNames: { '#kind': 'kind' },
      }),

    replace: (key) =>
      write(key, {
        ConditionExpression: '#version = :before',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':before': key.version - 1 },
      }),

    async remove(id) {
      await client.send(new DeleteCommand({ TableName: table, Key: { kind: KEY, item: id } }))
    },

    async findBySecret(hash) {
      const pointer = await get(secretOf(hash), KEY)
      const key = pointer ? await find(String(pointer.id)) : null
      return key?.secrets.some((secret) => secret.hash === hash) ? key : null
    },

    async list() {
      return (await readAll(KEY)).map(toKey)
    },

    async use(id, at) {
      const update = new UpdateCommand({
        TableName: table,
        Key: { kind: USED, item: id },
        UpdateExpression: 'SET #at = :at',
        ConditionExpression: 'attribute_not_exists(#at) OR #at < :at',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':at': at },
      })
      await succeeds(client.send(update))
    },

    async uses() {
      return new Map((await readAll(USED)).map(({ item, at }) => [String(item), Number(at)]))
    },

    async claimSource(source, id) {
      const put = new PutCommand({
        TableName: table,
        Item: { kind: SOURCE, item: source, id },
        ConditionExpression: 'attribute_not_exists(#kind)',
        ExpressionAttributeNames: { '#kind': 'kind' },
      })
      for (;;) {
        if (await succeeds(client.send(put))) return id
        const owner = await ownerOf(source)
        if (owner !== null) return owner // otherwise it was released between the two calls
      }
    },

    async releaseSource(source, id) {
      const remove = new DeleteCommand({
        TableName: table,
        Key: { kind: SOURCE, item: source },
        ConditionExpression: '#id = :id',
        ExpressionAttributeNames: { '#id': 'id' },
        ExpressionAttributeValues: { ':id': id },
      })
      await succeeds(client.send(remove))
    },

    sourceOwner: ownerOf,
  }
}

function secretOf(hash: string): string {
  return `secret#${hash}`
}

function toKey({ kind: _, item: __, ...key }: Item): ApiKey {
  return key as ApiKey
}
