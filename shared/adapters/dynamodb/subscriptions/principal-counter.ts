import { type DocumentClient, GetCommand, UpdateCommand } from '#shared/adapters/dynamodb/commands.ts'
import { succeeds } from '#shared/adapters/dynamodb/dynamo-requests.ts'

// connections table, key (connection, item):
//   (principal#ada, count)   total: how many connections it has; s3000012: how many of them expire in this span of ten
//                            minutes, the number of the span since 1970; expires with the last of them
// A connection that was lost without a close counts until its span has ended, and what a crash left uncounted as well.

const SPAN_SECONDS = 600
const PREFIX = 's'
const spanOf = (seconds: number) => Math.floor(seconds / SPAN_SECONDS)

/** Counts the connections of each principal, so that no race opens more than it may have. `now` returns seconds. */
export function principalCounter(client: DocumentClient, table: string, now: () => number) {
  const keyOf = (name: string) => ({ connection: `principal#${name}`, item: 'count' })

  return {
    /** Counts a connection that expires at this time, in seconds. Returns false if there are `atMost` already. */
    async add(name: string, expires: number, atMost: number): Promise<boolean> {
      const span = spanOf(expires)
      for (;;) {
        const command = new UpdateCommand({
          TableName: table,
          Key: keyOf(name),
          UpdateExpression: 'ADD #total :one, #span :one SET expires = :end',
          ConditionExpression: 'attribute_not_exists(#total) OR #total < :limit',
          ExpressionAttributeNames: { '#total': 'total', '#span': `${PREFIX}${span}` },
          ExpressionAttributeValues: { ':one': 1, ':end': (span + 1) * SPAN_SECONDS, ':limit': atMost },
        })
        if (await succeeds(client.send(command))) return true
        if (!(await forgetExpired(name))) return false
      }
    },

    /** Counts a connection down that was removed. One that has expired counts no more. */
    async remove(name: string, expires: number): Promise<void> {
      const command = new UpdateCommand({
        TableName: table,
        Key: keyOf(name),
        UpdateExpression: 'ADD #total :less, #span :less',
        ConditionExpression: '#span > :none',
        ExpressionAttributeNames: { '#total': 'total', '#span': `${PREFIX}${spanOf(expires)}` },
        ExpressionAttributeValues: { ':less': -1, ':none': 0 },
      })
      await succeeds(client.send(command))
    },
  }

  /** Takes what has expired out of the count. Returns whether it is worth another try. */
  async function forgetExpired(name: string): Promise<boolean> {
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: keyOf(name), ConsistentRead: true }),
    )
    if (Item === undefined) return true
    const over = Object.keys(Item).filter((attribute) => isOver(attribute))
    if (over.length === 0) return false
    const names = Object.fromEntries(over.map((attribute, index) => [`#s${index}`, attribute]))
    const counts = Object.fromEntries(over.map((attribute, index) => [`:s${index}`, Item[attribute]]))
    const expired = over.reduce((sum, attribute) => sum + Number(Item[attribute]), 0)
    const command = new UpdateCommand({
      TableName: table,
      Key: keyOf(name),
      UpdateExpression: `SET #total = :left REMOVE ${Object.keys(names).join(', ')}`,
      // The same total of the same expired ones: nothing was counted in between that this would undo.
      ConditionExpression: ['#total = :total', ...over.map((_, index) => `#s${index} = :s${index}`)].join(
        ' AND ',
      ),
      ExpressionAttributeNames: { ...names, '#total': 'total' },
      ExpressionAttributeValues: {
        ...counts,
        ':total': Item.total,
        ':left': Number(Item.total) - expired,
      },
    })
    await succeeds(client.send(command)) // if not, somebody else has counted: look again
    return true
  }

  function isOver(attribute: string): boolean {
    const [, span] = /^s(\d+)$/.exec(attribute) ?? []
    return span !== undefined && Number(span) < spanOf(now())
  }
}
