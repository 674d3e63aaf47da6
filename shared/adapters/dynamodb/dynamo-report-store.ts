import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { Histogram } from '#shared/pipeline/telemetry/histogram.ts'
import {
  type Flow,
  type InstanceReport,
  REPORT_KEPT_MS,
  type ReportStore,
} from '#shared/pipeline/telemetry/instance-report.ts'
import { type DocumentClient, PutCommand } from './commands.ts'
import { type Item, queryAll } from './dynamo-requests.ts'
import { joinedReads, type ReadItems } from './joined-reads.ts'

// connections table, key (connection, item):
//   (report, watched)   until: for how long somebody reads reports, in milliseconds
//   (report, of#i1)     at, in milliseconds; body: frames and hops as deflated JSON in base64, a fifth of its size
// Both expire soon, for the table's time to live.

const REPORT = 'report'
const WATCHED = { connection: REPORT, item: 'watched' }
const PREFIX = 'of#'
/** How long reports are written after they were read, how often that is noted, and how old the note may be. */
const WATCH_MS = 60_000
const NOTE_MS = 10_000
const POLL_MS = 2000

type Options = {
  readonly table: string
  readonly now?: () => number
  /** Reads together with what others read. */
  readonly readItems?: ReadItems
}

/** The ReportStore on DynamoDB. `now` returns milliseconds. */
export function dynamoReportStore(
  client: DocumentClient,
  { table, now = Date.now, readItems = joinedReads(client) }: Options,
): ReportStore {
  let noted = Number.NEGATIVE_INFINITY
  let polled = Number.NEGATIVE_INFINITY
  let until = 0

  const put = (item: Item, endMs: number) =>
    client.send(new PutCommand({ TableName: table, Item: { ...item, expires: Math.ceil(endMs / 1000) } }))

  return {
    async put({ instance, at, frames, hops }) {
      const item = { connection: REPORT, item: `${PREFIX}${instance}`, at, body: await pack(frames, hops) }
      await put(item, at + REPORT_KEPT_MS)
    },

    async list() {
      const time = now()
      if (Math.abs(time - noted) >= NOTE_MS) {
        await put({ ...WATCHED, until: time + WATCH_MS }, time + WATCH_MS)
        noted = time
      }
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: '#connection = :report AND begins_with(#item, :prefix)',
        FilterExpression: 'expires > :now',
        ExpressionAttributeNames: { '#connection': 'connection', '#item': 'item' },
        ExpressionAttributeValues: { ':report': REPORT, ':prefix': PREFIX, ':now': Math.floor(time / 1000) },
      })
      return Promise.all(items.map(toReport))
    },

    async isWatched() {
      const time = now()
      // A clock that was set back must not make what is known last longer.
      if (Math.abs(time - polled) < POLL_MS) return until > time
      polled = time
      const [item] = await readItems(table, [WATCHED])
      until = Number(item?.until ?? 0)
      return until > now()
    },
  }
}

type Body = {
  readonly frames: readonly (readonly [connection: string, frames: number, events: number, last: number])[]
  readonly hops: Readonly<Record<string, Histogram>>
}

async function pack(frames: InstanceReport['frames'], hops: InstanceReport['hops']): Promise<string> {
  const body: Body = {
    frames: [...frames].map(([connection, flow]) => [connection, flow.frames, flow.events, flow.last]),
    hops: Object.fromEntries(hops),
  }
  return (await promisify(deflateRaw)(JSON.stringify(body))).toString('base64')
}

async function toReport({ item, at, body }: Item): Promise<InstanceReport> {
  const bytes = await promisify(inflateRaw)(Buffer.from(String(body), 'base64'))
  const { frames, hops }: Body = JSON.parse(bytes.toString())
  const flows = frames.map(([connection, sent, events, last]): [string, Flow] => [
    connection,
    { frames: sent, events, last },
  ])
  return {
    instance: String(item).slice(PREFIX.length),
    at: Number(at),
    frames: new Map(flows),
    hops: new Map(Object.entries(hops)),
  }
}
