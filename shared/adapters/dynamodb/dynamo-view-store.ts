import pLimit from 'p-limit'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import type { Retention } from '#shared/core/retention.ts'
import type { Stream } from '#shared/pipeline/ports.ts'
import {
  type FoldedBy,
  type FoldProgress,
  type PartKey,
  type PartToSave,
  rebuildingError,
  type StoredPart,
  type ViewStore,
} from '#shared/pipeline/views/view-store.ts'
import { type DocumentClient, GetCommand, PutCommand, ScanCommand, UpdateCommand } from './commands.ts'
import { deleteAll, getAll, type Item, queryAll, succeeds } from './dynamo-requests.ts'
import { firstCount, inOrder, spreadOf, spreadsOf, viewOf } from './view-spreads.ts'

// One table, key (view, part); NUL occurs in no key and sorts below everything, so that keys come in order. The parts of
// a view are spread over hash keys by a hash of their key (docs/adr/0019).
//   (port/cases/3, <key> NUL port-events NUL 0000000002)   a part: epoch, offset, its state as JSON, when it expires
//   (progress#port-events, 0000000002)                     how far partition 2 is folded: epoch, offset, isRebuilding,
//                                                          rebuilds, and how far it was folded when the last began

/** Ends the key in a part's name; what begins with a key and AFTER_KEY comes after all of its parts. */
const END_OF_KEY = '\u0000'
const AFTER_KEY = '\u0001'

const SAVES_AT_ONCE = 32
/** The minimum number of items that a page requests of a spread, because a key can have several. */
const ITEMS_AT_LEAST = 8

/** How many expired parts a page looks through before it ends. Time to live may delete them days late. */
const EXPIRED_READ = 500

const IS_LATER = 'attribute_not_exists(epoch) OR epoch < :epoch OR (epoch = :epoch AND #offset < :offset)'
const NAMES = { '#offset': 'offset' }

type Options = {
  readonly table: string
  readonly retention: Pick<Retention, 'ofView'>
  /** Returns milliseconds since 1970. */
  readonly now?: () => number
}

/** The ViewStore on DynamoDB: a table with the key (view, part). Every write is a conditional one of one item. */
export function dynamoViewStore(
  client: DocumentClient,
  { table, retention, now = Date.now }: Options,
): ViewStore {
  const isLive = ({ expires }: Item) => expires === undefined || Number(expires) > now() / 1000
  const saveLimit = pLimit(SAVES_AT_ONCE)
  return {
    async load(keys) {
      const names = keys.map(partKey)
      const distinct = new Map(names.map((name) => [idOf(name), name]))
      const found = (await getAll(client, table, [...distinct.values()])).filter(isLive)
      const parts = new Map(found.map((item) => [idOf(item), toPart(item)]))
      return names.map((name) => parts.get(idOf(name)) ?? null)
    },

    async save(parts) {
      const save = async ({ state, replaces, ...part }: PartToSave) => {
        const seconds = retention.ofView(part.view)
        const expires = seconds && Math.ceil(now() / 1000 + seconds)
        const put = new PutCommand({
          TableName: table,
          Item: { ...part, ...partKey(part), state: JSON.stringify(state), expires },
          ...savedIf(part, replaces, Math.floor(now() / 1000)),
        })
        return (await succeeds(client.send(put))) || replaces === undefined
      }
      return (await Promise.all(parts.map((part) => saveLimit(save, part)))).every(Boolean)
    },

    async read(view, { key, after, limit }) {
      if (key !== undefined) {
        const own = { from: key + END_OF_KEY, to: key + AFTER_KEY }
        return { parts: (await readItems(spreadOf(view, key), own)).filter(isLive).map(toPart), next: null }
      }
      return readPage(view, { after, limit }, readItems, isLive)
    },

    async progress(topic) {
      const items = await readItems(progressOf(topic), { from: '0', to: ':' })
      return new Map(items.map((item) => [Number(item.part), toProgress(item)]))
    },

    async advance(stream, offset, by = { rebuilds: undefined }) {
      const { condition, values } = conditionOf(by)
      const update = new UpdateCommand({
        TableName: table,
        Key: progressKey(stream),
        UpdateExpression: 'SET epoch = :epoch, #offset = :offset',
        ConditionExpression: condition,
        ExpressionAttributeNames: NAMES,
        ExpressionAttributeValues: { ':epoch': stream.epoch, ':offset': offset, ...values },
      })
      if (await succeeds(client.send(update))) return true
      if ('isRebuilder' in by || by.from !== undefined) return false
      const get = new GetCommand({ TableName: table, Key: progressKey(stream), ConsistentRead: true })
      const { Item: known } = await client.send(get)
      if (known?.isRebuilding || known?.rebuilds !== by.rebuilds) throw rebuildingError(stream)
      return false
    },

    beginRebuild: mark,

    forgetParts: (topic, partitions, from) => forgetParts(client, table, { topic, partitions, from }),

    async endRebuild(stream) {
      const update = new UpdateCommand({
        TableName: table,
        Key: progressKey(stream),
        UpdateExpression: 'SET isRebuilding = :false',
        ConditionExpression: 'attribute_exists(epoch)',
        ExpressionAttributeValues: { ':false': false },
      })
      await succeeds(client.send(update))
    },
  }

  /** Marks a stream, and keeps how far it was folded until a rebuild has ended. */
  async function mark(stream: Stream): Promise<number> {
    for (;;) {
      const get = new GetCommand({ TableName: table, Key: progressKey(stream), ConsistentRead: true })
      const { Item: known } = await client.send(get)
      const before = known?.isRebuilding ? known.folded : known?.offset
      const folded = known?.epoch === stream.epoch ? Number(before ?? -1) : -1
      const condition = known
        ? {
            ConditionExpression: 'epoch = :epoch AND #offset = :offset',
            ExpressionAttributeNames: NAMES,
            ExpressionAttributeValues: { ':epoch': known.epoch, ':offset': known.offset },
          }
        : { ConditionExpression: 'attribute_not_exists(epoch)' }
      const rebuilds = Number(known?.rebuilds ?? 0) + 1
      const mark = { epoch: stream.epoch, offset: -1, isRebuilding: true, folded, rebuilds }
      const put = new PutCommand({
        TableName: table,
        Item: { ...progressKey(stream), ...mark },
        ...condition,
      })
      if (await succeeds(client.send(put))) return folded
    }
  }

  function readItems(hashKey: string, { from, to }: { from: string; to: string }, limit?: number) {
    const query = {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#view = :view AND #part BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#view': 'view', '#part': 'part' },
      ExpressionAttributeValues: { ':view': hashKey, ':from': from, ':to': to },
    }
    return queryAll(client, query, limit)
  }
}

type ReadItems = (
  hashKey: string,
  range: { readonly from: string; readonly to: string },
  limit?: number,
) => Promise<Item[]>

/**
 * Reads on until a key begins that the page has no room for, or that comes after many expired parts: then all keys
 * before it are whole.
 */
async function readPage(
  view: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  readItems: ReadItems,
  isLive: (item: Item) => boolean,
): Promise<{ parts: StoredPart[]; next: string | null }> {
  const parts: StoredPart[] = []
  const keys = new Set<string>()
  const start = after === undefined ? END_OF_KEY : after + AFTER_KEY
  const sources = spreadsOf(view).map((spread) => (last: Item | null, count: number) => {
    const from = last === null ? start : `${last.part}${END_OF_KEY}`
    return readItems(spread, { from, to: '\u{10ffff}' }, count)
  })
  const count = Math.max(firstCount(limit + 1), ITEMS_AT_LEAST)
  let expired = 0
  let last: string | null = null
  for await (const item of inOrder(sources, ({ part }) => String(part), count)) {
    const key = String(item.key)
    if (expired >= EXPIRED_READ && key !== last) return { parts, next: last }
    last = key
    if (!isLive(item)) {
      expired++
      continue
    }
    const part = toPart(item)
    if (keys.size === limit && !keys.has(part.key)) return { parts, next: [...keys].at(-1) ?? null }
    keys.add(part.key)
    parts.push(part)
  }
  return { parts, next: null }
}

/** When a part is saved. An expired part that is not deleted yet is none. `now` is in seconds. */
function savedIf(
  { epoch, offset }: Pick<StoredPart, 'epoch' | 'offset'>,
  replaces: number | null | undefined,
  now: number,
) {
  if (replaces === undefined)
    return {
      ConditionExpression: IS_LATER,
      ExpressionAttributeNames: NAMES,
      ExpressionAttributeValues: { ':epoch': epoch, ':offset': offset },
    }
  if (replaces === null)
    return {
      ConditionExpression: 'attribute_not_exists(epoch) OR epoch < :epoch OR expires <= :now',
      ExpressionAttributeValues: { ':epoch': epoch, ':now': now },
    }
  return {
    ConditionExpression: 'epoch = :epoch AND #offset = :replaces',
    ExpressionAttributeNames: NAMES,
    ExpressionAttributeValues: { ':epoch': epoch, ':replaces': replaces },
  }
}

/** The progress is moved by the rebuilder, or where no rebuild has begun that the caller has not seen. */
function conditionOf(by: FoldedBy) {
  if ('isRebuilder' in by) return { condition: `(${IS_LATER})`, values: {} }
  const isSame = by.rebuilds === undefined ? 'attribute_not_exists(rebuilds)' : 'rebuilds = :rebuilds'
  const isThere = by.from === undefined ? `(${IS_LATER})` : 'epoch = :epoch AND #offset = :from'
  return {
    condition: `NOT isRebuilding = :true AND ${isSame} AND ${isThere}`,
    values: {
      ':true': true,
      ...(by.rebuilds !== undefined && { ':rebuilds': by.rebuilds }),
      ...(by.from !== undefined && { ':from': by.from }),
    },
  }
}

function idOf({ view, part }: Item): string {
  return JSON.stringify([view, part])
}

/** The item of a part. */
function partKey({ view, key, topic, partition }: PartKey) {
  return { view: spreadOf(view, key), part: [key, topic, padded(partition)].join(END_OF_KEY) }
}

/** The hash key of a topic's progress, instead of a view. */
function progressOf(topic: string): string {
  return `progress#${topic}`
}

/** The item of a stream's progress. */
function progressKey({ topic, partition }: Stream) {
  return { view: progressOf(topic), part: padded(partition) }
}

function padded(partition: number): string {
  return String(partition).padStart(10, '0')
}

function toPart({ view, key, topic, partition, epoch, offset, state }: Item): StoredPart {
  return {
    view: viewOf(String(view)),
    key: String(key),
    topic: String(topic),
    partition: Number(partition),
    epoch: String(epoch),
    offset: Number(offset),
    state: parseExactJson(String(state)),
  }
}

function toProgress({ epoch, offset, isRebuilding, rebuilds }: Item): FoldProgress {
  return {
    epoch: String(epoch),
    offset: Number(offset),
    isRebuilding: isRebuilding === true,
    ...(rebuilds !== undefined && { rebuilds: Number(rebuilds) }),
  }
}

/**
 * Deletes what a page of the whole table has of the parts that these partitions made. A rebuild is rare, and run by hand: it
 * may look through the table.
 */
async function forgetParts(
  client: DocumentClient,
  table: string,
  { topic, partitions, from }: { topic: string; partitions: readonly number[]; from: string | null },
): Promise<string | null> {
  const scan = new ScanCommand({
    TableName: table,
    ConsistentRead: true,
    ProjectionExpression: '#view, #part, #partition',
    FilterExpression: '#topic = :topic',
    ExpressionAttributeNames: {
      '#view': 'view',
      '#part': 'part',
      '#topic': 'topic',
      '#partition': 'partition',
    },
    ExpressionAttributeValues: { ':topic': topic },
    ...(from !== null && { ExclusiveStartKey: JSON.parse(from) as Item }),
  })
  const { Items = [], LastEvaluatedKey } = await client.send(scan)
  const own = Items.filter(({ partition }) => partitions.includes(Number(partition)))
  await deleteAll(
    client,
    table,
    own.map(({ view, part }) => ({ view, part })),
  )
  return LastEvaluatedKey === undefined ? null : JSON.stringify(LastEvaluatedKey)
}
