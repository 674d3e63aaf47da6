import type { Principal } from '#shared/core/access/principal.ts'
import type { TicketStore } from '#shared/pipeline/ports.ts'
import { DeleteCommand, type DocumentClient, PutCommand } from './commands.ts'
import { isConditionFailure } from './dynamo-requests.ts'

type Options = { readonly table: string; readonly now?: () => number }

/**
 * The TicketStore on DynamoDB: items of the connections table, key (connection, item). A conditional delete
 * that returns the old item, so one caller gets it. `now` returns milliseconds.
 */
export function dynamoTicketStore(client: DocumentClient, { table, now = Date.now }: Options): TicketStore {
  const keyOf = (hash: string) => ({ connection: `ticket#${hash}`, item: 'ticket' })
  // The condition makes DynamoDB Local, too, give the old item to one caller only.
  const remove = async (hash: string) => {
    const command = new DeleteCommand({
      TableName: table,
      Key: keyOf(hash),
      ConditionExpression: 'attribute_exists(#connection)',
      ExpressionAttributeNames: { '#connection': 'connection' },
      ReturnValues: 'ALL_OLD',
    })
    try {
      return (await client.send(command)).Attributes
    } catch (error) {
      if (isConditionFailure(error)) return undefined
      throw error
    }
  }
  return {
    async put(hash, principal, until) {
      // DynamoDB deletes what has expired up to days late, and counts seconds: `until` decides.
      const expires = Math.ceil(until / 1000)
      await client.send(
        new PutCommand({ TableName: table, Item: { ...keyOf(hash), principal, until, expires } }),
      )
    },

    async take(hash) {
      const old = await remove(hash)
      if (!old || Number(old.until) <= now()) return null
      return old.principal as Principal
    },
  }
}
