import type { Position } from '#shared/core/event.ts'
import {
  isOver,
  REPLAY_KEPT_SECONDS,
  type ReplayJob,
  type ReplayStore,
} from '#shared/pipeline/replays/replay-store.ts'
import { DeleteCommand, type DocumentClient, GetCommand, PutCommand } from './commands.ts'
import { getAll, type Item, putAll, queryAll, queryBounded, succeeds } from './dynamo-requests.ts'

// replays table, key (list, item):
//   (replays, <id>)              a replay, whole: one conditional write changes it
//   (open, <id>)                 a replay that is not over. It is written before the replay waits, and deleted after the
//                                replay is over: one that is here may be over, and none that waits is missing
//   (selection#<id>, <number>)   SELECTION_CHUNK positions as JSON, the chunks numbered from 0 on
// Ids grow with the time, so a query backwards lists the newest first.

const REPLAYS = 'replays'
const OPEN = 'open'
/** A position is some 30 bytes of JSON: well below the 400 KB of an item. */
const SELECTION_CHUNK = 1000
/** How many replays that expired and are not deleted yet a list reads at most. */
const EXPIRED_READ = 500

type Options = { readonly table: string; readonly now?: () => number }

/** The ReplayStore on DynamoDB. */
export function dynamoReplayStore(client: DocumentClient, { table, now = Date.now }: Options): ReplayStore {
  const seconds = () => Math.floor(now() / 1000)
  const expiryOf = ({ created }: ReplayJob) => Math.floor(created / 1000) + REPLAY_KEPT_SECONDS
  const isLive = (item: Item | undefined): item is Item =>
    item !== undefined && Number(item.expires) > seconds()
  const itemOf = (job: ReplayJob): Item => ({
    ...job,
    list: REPLAYS,
    item: job.id,
    expires: expiryOf(job),
  })
  const get = async (list: string, item: string) => {
    const command = new GetCommand({ TableName: table, Key: { list, item }, ConsistentRead: true })
    const { Item: found } = await client.send(command)
    return isLive(found) ? found : undefined
  }
  const open = ({ id, ...job }: ReplayJob) =>
    client.send(
      new PutCommand({
        TableName: table,
        Item: { list: OPEN, item: id, expires: expiryOf({ id, ...job }) },
      }),
    )
  const close = (id: string) =>
    client.send(new DeleteCommand({ TableName: table, Key: { list: OPEN, item: id } }))

  return {
    async add(job, selection) {
      const count = Math.ceil(selection.length / SELECTION_CHUNK)
      const chunks = Array.from({ length: count }, (_, number) => ({
        list: selectionOf(job.id),
        item: chunkName(number),
        positions: encode(selection.slice(number * SELECTION_CHUNK, (number + 1) * SELECTION_CHUNK)),
        expires: expiryOf(job),
      }))
      await Promise.all([putAll(client, table, chunks), open(job)])
      await client.send(new PutCommand({ TableName: table, Item: itemOf(job) }))
    },

    async replace(job) {
      if (job.status === 'waiting') await open(job)
      const put = new PutCommand({
        TableName: table,
        Item: itemOf(job),
        ConditionExpression: '#version = :before',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':before': job.version - 1 },
      })
      const isReplaced = await succeeds(client.send(put))
      if (isReplaced && isOver(job)) await close(job.id)
      return isReplaced
    },

    async find(id) {
      const item = await get(REPLAYS, id)
      return item ? toJob(item) : null
    },

    async list({ limit, before }) {
      const items = await queryBounded(
        client,
        {
          TableName: table,
          ConsistentRead: true,
          ScanIndexForward: false,
          KeyConditionExpression:
            before === undefined ? '#list = :list' : '#list = :list AND #item < :before',
          FilterExpression: '#expires > :now',
          ExpressionAttributeNames: {
            '#list': 'list',
            '#expires': 'expires',
            ...(before !== undefined && { '#item': 'item' }),
          },
          ExpressionAttributeValues: {
            ':list': REPLAYS,
            ':now': seconds(),
            ...(before !== undefined && { ':before': before }),
          },
        },
        { limit, extra: EXPIRED_READ },
      )
      return items.map(toJob)
    },

    async open() {
      const pointers = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#list = :list',
        ExpressionAttributeNames: { '#list': 'list' },
        ExpressionAttributeValues: { ':list': OPEN },
      })
      if (pointers.length === 0) return []
      const keys = pointers.map(({ item }) => ({ list: REPLAYS, item }))
      const jobs = (await getAll(client, table, keys)).filter(isLive).map(toJob)
      await Promise.all(jobs.filter(isOver).map(({ id }) => close(id)))
      return jobs.filter((job) => !isOver(job)).sort((a, b) => (a.id < b.id ? -1 : 1))
    },

    async selected(id, { from, limit }) {
      const first = Math.floor(from / SELECTION_CHUNK)
      const last = Math.floor((from + limit - 1) / SELECTION_CHUNK)
      const numbers = Array.from({ length: last - first + 1 }, (_, index) => chunkName(first + index))
      const chunks = await Promise.all(numbers.map((number) => get(selectionOf(id), number)))
      const positions = chunks.flatMap((chunk) => (chunk ? decode(String(chunk.positions)) : []))
      const skipped = from - first * SELECTION_CHUNK
      return positions.slice(skipped, skipped + limit)
    },
  }
}

function selectionOf(id: string): string {
  return `selection#${id}`
}

function chunkName(number: number): string {
  return String(number).padStart(6, '0')
}

function encode(positions: readonly Position[]): string {
  return JSON.stringify(positions.map(({ topic, partition, offset }) => [topic, partition, offset]))
}

function decode(text: string): Position[] {
  const rows = JSON.parse(text) as [topic: string, partition: number, offset: number][]
  return rows.map(([topic, partition, offset]) => ({ topic, partition, offset }))
}

function toJob({ list: _, item: __, expires: ___, ...job }: Item): ReplayJob {
  return job as ReplayJob
}
