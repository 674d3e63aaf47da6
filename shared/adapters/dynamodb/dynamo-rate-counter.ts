import { endOf, type RateCounter } from '#shared/pipeline/limits/rate-counter.ts'
import { type DocumentClient, UpdateCommand } from './commands.ts'

// connections table, key (connection, item):
//   (rate#write ada, 1#1800000000)   count: what was counted in this span, its length and its number since 1970

/** How long a count is kept after its span, in seconds. */
const KEPT_SECONDS = 60

/** The RateCounter on DynamoDB. */
export function dynamoRateCounter(
  client: DocumentClient,
  { table }: { readonly table: string },
): RateCounter {
  return {
    async add(name, span, by) {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: { connection: `rate#${name}`, item: `${span.seconds}#${span.index}` },
          UpdateExpression: 'ADD #count :by SET expires = :expires',
          ExpressionAttributeNames: { '#count': 'count' },
          ExpressionAttributeValues: { ':by': by, ':expires': Math.ceil(endOf(span) / 1000) + KEPT_SECONDS },
          ReturnValues: 'UPDATED_NEW',
        }),
      )
      return Number(Attributes?.count ?? 0)
    },
  }
}
