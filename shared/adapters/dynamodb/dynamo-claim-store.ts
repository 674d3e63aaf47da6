import pLimit from 'p-limit'
import type { Retention } from '#shared/core/retention.ts'
import {
  type Claim,
  type ClaimKey,
  type ClaimStore,
  LEASE_SECONDS,
  LONGEST_LEASE_SECONDS,
} from '#shared/pipeline/claim-store.ts'
import { DeleteCommand, type DocumentClient, GetCommand, PutCommand, UpdateCommand } from './commands.ts'
import { getAll, type Item, putAll, queryBounded, succeeds } from './dynamo-requests.ts'

// claims table, key (id, source), in one of three states, each of which ends when it `expires`:
//   topic, partition, offset, epoch?, digest?   a claim: the position of the event
//   owner                              a lease: somebody is about to write the event
//   fingerprint                        a key that is bound to one request

type Options = {
  readonly table: string
  readonly retention: Pick<Retention, 'claims' | 'longest'>
  readonly now?: () => number
}

/** How many claims of one id are looked through: sources that use the same ids, such as 1 and 2. */
const SOURCES_OF_AN_ID = { limit: 500, extra: 500 }

/** Claims are renewed after an outage of hours only. */
const RENEWALS_AT_ONCE = 32

const FREE =
  'attribute_not_exists(id) OR expires <= :now OR (attribute_exists(#owner) AND expires > :longest)'
/** A lease gives way to a claim, and so does the same claim: a consumer repeats the writer's without a read. */
const CLAIMABLE =
  'attribute_not_exists(#offset) OR expires <= :now OR (#topic = :topic AND #partition = :partition AND #offset = :offset)'
const POSITION_NAMES = { '#topic': 'topic', '#partition': 'partition', '#offset': 'offset' }

/**
 * The ClaimStore on DynamoDB: a table with the key (id, source). Every step is a conditional write of one item, but
 * for ids that we made. Claims and bound keys are kept for `retention.claims`. `now` returns milliseconds.
 */
export function dynamoClaimStore(
  client: DocumentClient,
  { table, retention: { claims: keptSeconds, longest }, now: clock = Date.now }: Options,
): ClaimStore {
  const nowInSeconds = () => Math.floor(clock() / 1000)
  const isLiveClaim = (item: Item) => item.offset !== undefined && Number(item.expires) > nowInSeconds()
  const get = async ({ source, id }: ClaimKey) => {
    const command = new GetCommand({ TableName: table, Key: { id, source }, ConsistentRead: true })
    return (await client.send(command)).Item
  }
  const putIfFree = ({ source, id }: ClaimKey, attributes: Item, expires: number) => {
    const now = nowInSeconds()
    const put = new PutCommand({
      TableName: table,
      Item: { id, source, ...attributes, expires },
      ConditionExpression: FREE,
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: { ':now': now, ':longest': now + LONGEST_LEASE_SECONDS },
    })
    return succeeds(client.send(put))
  }
  /** Keeps claims for as long as if they were made now, unless they have ended meanwhile. */
  const renew = async (items: readonly Item[]): Promise<void> => {
    const limit = pLimit(RENEWALS_AT_ONCE)
    const now = nowInSeconds()
    const updates = items.map(({ source, id }) => {
      const update = new UpdateCommand({
        TableName: table,
        Key: { id, source },
        UpdateExpression: 'SET expires = :end',
        ConditionExpression: 'attribute_exists(#offset) AND expires > :now',
        ExpressionAttributeNames: { '#offset': 'offset' },
        ExpressionAttributeValues: { ':end': now + keptSeconds, ':now': now },
      })
      return limit(() => succeeds(client.send(update)))
    })
    await Promise.all(updates)
  }
  const find: ClaimStore['find'] = async (keys, { forStoring = false } = {}) => {
    const distinct = new Map(keys.map(({ source, id }) => [JSON.stringify([source, id]), { id, source }]))
    const items = await getAll(client, table, [...distinct.values()])
    const live = items.filter(isLiveClaim)
    if (forStoring) await renew(live.filter(({ expires }) => Number(expires) < nowInSeconds() + longest))
    const claims = new Map(live.map((item) => [JSON.stringify([item.source, item.id]), toClaim(item)]))
    return keys.map(({ source, id }) => claims.get(JSON.stringify([source, id])) ?? null)
  }
  return {
    async claim({ source, id }, claim) {
      const now = nowInSeconds()
      const { topic, partition, offset } = claim
      const put = new PutCommand({
        TableName: table,
        Item: { id, source, ...toClaim(claim), expires: now + keptSeconds },
        ConditionExpression: CLAIMABLE,
        ExpressionAttributeNames: POSITION_NAMES,
        ExpressionAttributeValues: {
          ':now': now,
          ':topic': topic,
          ':partition': partition,
          ':offset': offset,
        },
      })
      if (await succeeds(client.send(put))) return toClaim(claim)
      const holder = await get({ source, id })
      return toClaim(holder ?? claim)
    },

    async move({ source, id }, { topic, partition, offset }, to) {
      const now = nowInSeconds()
      const put = new PutCommand({
        TableName: table,
        Item: { id, source, ...toClaim(to), expires: now + keptSeconds },
        ConditionExpression: CLAIMABLE,
        ExpressionAttributeNames: POSITION_NAMES,
        ExpressionAttributeValues: {
          ':now': now,
          ':topic': topic,
          ':partition': partition,
          ':offset': offset,
        },
      })
      if (await succeeds(client.send(put))) return toClaim(to)
      return toClaim((await get({ source, id })) ?? to)
    },

    find,

    async claimMade(pairs) {
      const expires = nowInSeconds() + keptSeconds
      const items = pairs.map(({ source, id, claim }) => ({ id, source, ...toClaim(claim), expires }))
      await putAll(client, table, items)
    },

    async findById(id) {
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'id = :id',
        FilterExpression: 'attribute_exists(#offset) AND expires > :now',
        ExpressionAttributeNames: { '#offset': 'offset' },
        ExpressionAttributeValues: { ':id': id, ':now': nowInSeconds() },
      }
      const items = await queryBounded(client, query, SOURCES_OF_AN_ID)
      return items.map((item) => ({ ...toClaim(item), source: String(item.source) }))
    },

    async lease(key, owner, until = nowInSeconds() + LEASE_SECONDS) {
      if (await putIfFree(key, { owner }, until)) return 'taken'
      const holder = await get(key)
      return holder && isLiveClaim(holder) ? toClaim(holder) : 'in_flight'
    },

    async release({ source, id }, owner) {
      const remove = new DeleteCommand({
        TableName: table,
        Key: { id, source },
        ConditionExpression: '#owner = :owner',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':owner': owner },
      })
      await succeeds(client.send(remove))
    },

    async bind(key, fingerprint) {
      if (await putIfFree(key, { fingerprint }, nowInSeconds() + keptSeconds)) return fingerprint
      const holder = await get(key)
      return String(holder?.fingerprint ?? fingerprint)
    },
  }
}

function toClaim({ topic, epoch, partition, offset, digest }: Item): Claim {
  return {
    topic: String(topic),
    ...(epoch !== undefined && { epoch: String(epoch) }),
    ...(digest !== undefined && { digest: String(digest) }),
    partition: Number(partition),
    offset: Number(offset),
  }
}
