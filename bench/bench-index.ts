import type { DocumentClient } from '#shared/adapters/dynamodb/commands.ts'
import { putAll } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { versionKey } from '#shared/adapters/dynamodb/subscriptions/pattern-version.ts'
import { channelKey } from '#shared/adapters/dynamodb/subscriptions/subscription-rows.ts'
import { patternsCovering } from '#shared/core/channel.ts'
import { startDynamodb } from '#shared/testing/dynamodb/start-dynamodb.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { type Row, type Rows, round } from './measure/measure.ts'

const VIEWERS = 10_000
const NEWCOMERS = 2000
/** How many of the newcomers subscribe between two batches of a worker. */
const BETWEEN_BATCHES = [5, 20, 100, 400]
const CHANNEL = 'bench.viewers'
const SHARD = { shard: 0, shards: 1 }

/**
 * The capacity units of the subscription index while 10,000 viewers are subscribed to one channel: of a batch of a
 * worker when nothing has changed, after one newcomer, and while 2,000 newcomers subscribe.
 */
export async function benchIndex(): Promise<Rows> {
  const { client, tables, stop } = await startDynamodb()
  try {
    const channel = channelKey(SHARD, CHANNEL)
    const viewers = Array.from({ length: VIEWERS }, (_, index) => rowOf(channel, index))
    await putAll(client, tables.subscriptions, [{ ...versionKey(channel), version: 1 }, ...viewers])
    const writer = meter(client)
    const worker = meter(client)
    const opening = dynamoSubscriptionStore(client, tables, SHARD)
    const registering = dynamoSubscriptionStore(writer.client, tables, SHARD)
    const matching = dynamoSubscriptionStore(worker.client, tables, SHARD)
    const batch = () => matching.matching(patternsCovering(CHANNEL))
    let next = 0
    const subscribe = async (count: number) => {
      for (let index = 0; index < count; index++) {
        const connection = connectionOf(VIEWERS + next++)
        await opening.connect(connection, makePrincipal({ name: `viewer-${connection}` }))
        await registering.register({ connection, id: 's1', attempt: 1, channels: [CHANNEL] })
      }
    }
    const rows: Row[] = []
    const measure = async (what: string, batches: number, changes: number) => {
      const before = worker.units()
      const found: number[] = []
      for (let index = 0; index < batches; index++) {
        await subscribe(changes)
        found.push((await batch()).get(CHANNEL)?.length ?? 0)
      }
      const after = worker.units()
      rows.push({
        what,
        'RRU per batch': round((after.read - before.read) / batches),
        'requests per batch': round((after.requests - before.requests) / batches),
        ...(changes > 0 && { 'RRU per change': round((after.read - before.read) / batches / changes) }),
        viewers: found.at(-1) ?? 0,
      })
    }
    await measure('the first batch', 1, 0)
    await measure('nothing changed', 10, 0)
    await measure('one newcomer', 10, 1)
    const { read, write, requests } = writer.units()
    rows.push({ what: 'one subscribe', RRU: read / next, WRU: write / next, requests: requests / next })
    for (const changes of BETWEEN_BATCHES)
      await measure(`${NEWCOMERS} newcomers, ${changes} between batches`, NEWCOMERS / changes, changes)
    return rows
  } finally {
    await stop()
  }
}

/** The length of a connection id of API Gateway. */
function connectionOf(index: number): string {
  return `L0SM${String(index).padStart(8, '0')}cII=`
}

function rowOf(channel: string, index: number) {
  const connection = connectionOf(index)
  const subscription = { connection, id: 's1', attempt: 1, registration: Date.now(), channels: [CHANNEL] }
  const expires = Math.floor(Date.now() / 1000) + 7200
  const reader = {
    name: 'viewer@tidewire.local',
    role: 'viewer',
    issued: Date.now(),
    expires: Date.now() + 3_600_000,
  }
  return { ...subscription, behind: false, reader, channel, subscriber: `${connection}#s1`, expires }
}

type Sent = { readonly input: object; readonly constructor: { readonly name: string } }
type Response = { readonly ConsumedCapacity?: Capacity | readonly Capacity[] | undefined }
type Capacity = { readonly CapacityUnits?: number | undefined }

/** A client that adds up the capacity units of what it sends. */
function meter(client: DocumentClient) {
  const sum = { read: 0, write: 0, requests: 0 }
  const pass = client.send.bind(client) as unknown as (command: Sent) => Promise<Response>
  const send = async (command: Sent) => {
    Object.assign(command.input, { ReturnConsumedCapacity: 'TOTAL' })
    const response = await pass(command)
    const consumed = [response.ConsumedCapacity ?? []].flat()
    const units = consumed.reduce((total, { CapacityUnits = 0 }) => total + CapacityUnits, 0)
    sum.requests++
    sum[/^(Get|BatchGet|Query)/.test(command.constructor.name) ? 'read' : 'write'] += units
    return response
  }
  return { client: { send } as unknown as DocumentClient, units: () => ({ ...sum }) }
}
