import { type DocumentClient, UpdateCommand } from '#shared/adapters/dynamodb/commands.ts'
import { queryAll } from '#shared/adapters/dynamodb/dynamo-requests.ts'

// connections table, key (connection, item):
//   (count#connections, 3000012)   count: how many connections are open that expire in this span of ten minutes, the
//                                  number of the span since the Unix epoch; it expires itself when the span has ended
// A connection that was lost without a close is in its span until the span ends. So is what a crash left uncounted.

const SPAN_SECONDS = 600
const COUNTS = 'count#connections'

/** Counts open connections, so that their number costs one small query and not a scan of all of them. */
export function connectionCounter(client: DocumentClient, table: string) {
  return {
    /** Counts a connection that was opened (1) or removed (-1) and that expires at this time, in seconds. */
    async add(expires: number, by: 1 | -1): Promise<void> {
      const span = Math.floor(expires / SPAN_SECONDS)
      const update = new UpdateCommand({
        TableName: table,
        Key: { connection: COUNTS, item: String(span) },
        UpdateExpression: 'ADD #count :by SET expires = :end',
        ExpressionAttributeNames: { '#count': 'count' },
        ExpressionAttributeValues: { ':by': by, ':end': (span + 1) * SPAN_SECONDS },
      })
      await client.send(update)
    },

    /** Returns the number of connections that are open at `now`, in seconds. */
    async count(now: number): Promise<number> {
      const spans = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#connection = :counts AND #item >= :now',
        ExpressionAttributeNames: { '#connection': 'connection', '#item': 'item' },
        ExpressionAttributeValues: { ':counts': COUNTS, ':now': String(Math.floor(now / SPAN_SECONDS)) },
      })
      const total = spans.reduce((sum, { count }) => sum + Number(count), 0)
      return Math.max(0, total)
    },
  }
}
