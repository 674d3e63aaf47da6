import pLimit from 'p-limit'
import { DeleteCommand, type DocumentClient, PutCommand } from '#shared/adapters/dynamodb/commands.ts'
import { type Item, queryAll, queryPages } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { foldText } from '#shared/core/text/fold-text.ts'
import type { ConnectionPage, ConnectionQuery, ListedConnection } from '#shared/pipeline/ports.ts'
import { isConnection, toOpenConnection } from './connection-records.ts'
import { isRecord, toRegistration } from './subscription-rows.ts'

// connections table, key (connection, item):
//   (open#3000012, 1800007200#c1)   a connection that expires in this span of ten minutes, the number of the span since
//                                   1970; its item begins with the second. name: of its principal; address; expires
// A connection is written here when it is opened, and removed after it is. So what a list finds here may be gone, and it
// reads the connections themselves.

const SPAN_SECONDS = 600
const spanOf = (seconds: number) => Math.floor(seconds / SPAN_SECONDS)
const partitionOf = (span: number) => `open#${span}`

/** How many connections a page looks at, at most, for those that a filter admits. */
const LOOKED_AT = 5000
const READS_AT_ONCE = 16

type Opened = { readonly connection: string; readonly expires: number }
type Deps = {
  readonly table: string
  /** Of a connection that is opened now, in seconds. */
  readonly lifetime: number
  readonly shards: number
  /** Seconds since 1970. */
  readonly now: () => number
}

/** The open connections by the time at which they expire, which is the order in which they were opened. */
export function openConnections(client: DocumentClient, { table, lifetime, shards, now }: Deps) {
  const keyOf = ({ connection, expires }: Opened) => ({
    connection: partitionOf(spanOf(expires)),
    item: `${expires}#${connection}`,
  })

  return {
    async add(opened: Opened, name: string, address: string | undefined): Promise<void> {
      const Item = { ...keyOf(opened), name, address, expires: opened.expires }
      await client.send(new PutCommand({ TableName: table, Item }))
    },

    async remove(opened: Opened): Promise<void> {
      await client.send(new DeleteCommand({ TableName: table, Key: keyOf(opened) }))
    },

    /** Returns a page of them, newest first. */
    async list(query: ConnectionQuery): Promise<ConnectionPage> {
      const { rows, next } = await findRows(query)
      const limit = pLimit(READS_AT_ONCE)
      const found = await Promise.all(rows.map((row) => limit(read, connectionOf(row), row.address)))
      return { connections: found.filter((one) => one !== null), next }
    },
  }

  /** Reads the spans one after another, from the one of `next` or the last, until there are enough. */
  async function findRows({ limit, principal, text, next }: ConnectionQuery) {
    const last = next === undefined ? null : readNext(next)
    const isWanted = (row: Item) =>
      Number(row.expires) > now() &&
      (principal === undefined || row.name === principal) &&
      (text === undefined || textOf(row).includes(foldText(text)))
    const rows: Item[] = []
    let left = LOOKED_AT
    const isPlain = principal === undefined && text === undefined
    const room = () => (rows.length < limit ? Math.min(left, isPlain ? limit - rows.length : LOOKED_AT) : 0)
    const end = now() + lifetime
    const newest = spanOf(last === null ? end : Math.min(end, Number.parseInt(last, 10)))
    for (let span = newest; span >= spanOf(now()); span--) {
      for await (const { items } of queryPages(client, querySpan(span, last), room)) {
        for (const row of items) {
          left -= 1
          if (isWanted(row)) rows.push(row)
          if (rows.length === limit || left === 0) return { rows, next: writeNext(row) }
        }
      }
    }
    return { rows, next: null }
  }

  function querySpan(span: number, before: string | null) {
    return {
      TableName: table,
      ScanIndexForward: false,
      KeyConditionExpression: `#connection = :span${before === null ? '' : ' AND #item < :before'}`,
      ExpressionAttributeNames: { '#connection': 'connection', ...(before !== null && { '#item': 'item' }) },
      ExpressionAttributeValues: {
        ':span': partitionOf(span),
        ...(before !== null && { ':before': before }),
      },
    }
  }

  /** Returns null if the connection is gone. */
  async function read(connection: string, address: unknown): Promise<ListedConnection | null> {
    const items = await queryAll(client, {
      TableName: table,
      KeyConditionExpression: '#connection = :connection',
      ExpressionAttributeNames: { '#connection': 'connection' },
      ExpressionAttributeValues: { ':connection': connection },
    })
    const live = items.filter(({ expires }) => Number(expires) > now())
    const meta = live.find(isConnection)
    if (meta === undefined) return null
    const open = toOpenConnection(meta)
    return {
      ...open,
      connection,
      connected: open.ends - lifetime * 1000,
      ...(typeof address === 'string' && { address }),
      subscriptions: live.filter((item) => isRecord(item) && item.removed !== true).map(toListed),
    }
  }

  /** One that was registered with another number of shards is matched by none of them, so it misses all from then on. */
  function toListed(record: Item): ListedConnection['subscriptions'][number] {
    const { id, channels, filter, behind, registration } = toRegistration(record)
    const isBehind = behind || record.shards !== shards
    const since = Number(record.behindSince ?? registration)
    return { id, channels, ...(filter && { filter }), behindSince: isBehind ? since : null }
  }
}

function connectionOf({ item }: Item): string {
  const text = String(item)
  return text.slice(text.indexOf('#') + 1)
}

function textOf(row: Item): string {
  return foldText(`${connectionOf(row)} ${row.name} ${row.address ?? ''}`)
}

/** What a page ends with is such as `c1800007200.YzE`: the second and, in base64url, the connection of its last row. */
const NEXT = /^c(\d{10})\.([\w-]+)$/

function writeNext(row: Item): string {
  return `c${row.expires}.${Buffer.from(connectionOf(row)).toString('base64url')}`
}

function readNext(next: string): string {
  const [, second, connection = ''] = NEXT.exec(next) ?? []
  if (second !== undefined) return `${second}#${Buffer.from(connection, 'base64url')}`
  throw new Refusal(
    'malformed',
    '"next" is not one that a page of connections had; leave it out to begin again.',
  )
}
