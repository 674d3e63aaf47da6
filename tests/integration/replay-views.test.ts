import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { BatchWriteCommand, DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AUDIT_TOPIC } from '#shared/core/audit.ts'
import { parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { seededRandom } from '#shared/core/random.ts'
import { domains } from '#shared/domain/catalog.ts'
import { applyEvent, type ViewPart } from '#shared/pipeline/views/apply-event.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { get, publishBatch, readLog } from '../support/api.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

type Page = { parts: ViewPart[]; cursor: string; next?: string | null }
type Snapshot = { readonly [view: string]: readonly ViewPart[] }

const views = viewsOf(domains)
/** Actions of users. Each is an event from which others follow, in other partitions. */
const TRADES = [
  { type: 'market.tick', data: { symbol: 'TIDE', price: 100, volume: 10 } },
  {
    type: 'market.order.placed',
    data: { user: 'ada', symbol: 'TIDE', side: 'buy', kind: 'market', quantity: 3 },
  },
  {
    type: 'market.alert.created',
    data: { user: 'ada', symbol: 'TIDE', kind: 'price-above', threshold: 105 },
  },
  { type: 'market.tick', data: { symbol: 'TIDE', price: 106, volume: 10 } },
]
/** Candles leave the live window after hours of trading. */
const UNTOUCHED = ['market/candle-history']
const SOURCE = `/replay/${randomUUID()}`

describe('tidewire replay --views over the running stack', () => {
  let stack: TestStack
  /** The last offset of each partition that was posted to: views that have not begun to read it are not settled. */
  const posted = new Map<string, number>()
  /** The topics of this stack: where suites share a cluster, another one may have left a topic of its own domain there. */
  let topics: readonly string[] = []
  beforeAll(async () => {
    stack = await startStack()
    const { json } = await get<{ topics: readonly string[] }>(`${stack.httpUrl}/health`)
    topics = json.topics
  })
  afterAll(() => stack?.dispose())

  async function readView(name: string): Promise<Page> {
    const pages: Page[] = []
    for (let next: string | null | undefined = ''; typeof next === 'string'; next = pages.at(-1)?.next) {
      const query = new URLSearchParams({ parts: 'true', limit: '500', ...(next && { next }) })
      const { status, json } = await get<Page>(`${stack.httpUrl}/views/${name}?${query}`)
      if (status !== 200) throw new Error(`${name} answered ${status}: ${JSON.stringify(json)}`)
      pages.push(json)
    }
    const parts = pages.flatMap((page) => page.parts).filter(({ topic }) => topics.includes(topic))
    return { parts, cursor: pages[0]?.cursor ?? '' }
  }

  /** Returns every view after all of the log is folded and nothing more follows from it. */
  async function settledViews(): Promise<Snapshot> {
    let found: Snapshot = {}
    const isSettled = async () => {
      const { json } = await get<{ cursor: string }>(`${stack.httpUrl}/events/since?channel=**`)
      const heads = parseCursor(json.cursor)
      const pages = await Promise.all(
        views.all.map(async ({ name }) => [name, await readView(name)] as const),
      )
      found = Object.fromEntries(pages.map(([name, { parts }]) => [name, parts]))
      const isStored = [...posted].every(([place, offset]) => {
        const [topic = '', partition] = place.split('/')
        return (heads.get(topic)?.offsets.get(Number(partition)) ?? -1) >= offset
      })
      return (
        isStored &&
        pages.every(([, { cursor }]) =>
          [...parseCursor(cursor)].every(([topic, { offsets }]) =>
            [...(heads.get(topic)?.offsets ?? [])].every(
              ([partition, head]) => offsets.get(partition) === head,
            ),
          ),
        )
      )
    }
    // The events that follow from an event are written shortly after it is folded.
    let calm = 0
    await expect
      .poll(async () => {
        calm = (await isSettled().catch(() => false)) ? calm + 1 : 0
        return calm
      })
      .toBeGreaterThan(3)
    return found
  }

  async function publishAll(events: readonly Record<string, unknown>[]): Promise<void> {
    for (const { topic, partition, offset } of await publishBatch(stack.httpUrl, events)) {
      const place = `${topic}/${partition}`
      posted.set(place, Math.max(offset, posted.get(place) ?? 0))
    }
  }

  /** Posts the simulated events of all domains. */
  async function simulate(seed: number, count: number): Promise<void> {
    for (const { name, simulate: events } of domains) {
      const batch: Record<string, unknown>[] = []
      const random = seededRandom(seed)
      for (const { event } of events?.(random, Date.parse('2026-03-01T08:00:00Z')) ?? []) {
        batch.push({ specversion: '1.0', id: `${name}-${seed}-${batch.length}`, source: SOURCE, ...event })
        if (batch.length === count) break
      }
      if (batch.length > 0) await publishAll(batch)
    }
    const asked = TRADES.map((event, n) => ({
      specversion: '1.0',
      id: `trades-${seed}-${n}`,
      source: SOURCE,
      ...event,
      data: { orderId: `o-${seed}`, alertId: `a-${seed}`, ...event.data },
    }))
    for (const event of asked) await publishAll([event])
  }

  function dynamodb() {
    const endpoint = process.env.DYNAMODB_ENDPOINT ?? `http://127.0.0.1:${stack.ports.DYNAMODB_PORT}`
    return { endpoint, region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
  }

  async function emptyViews(): Promise<number> {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient(dynamodb()))
    const table = 'tidewire-local-views'
    let count = 0
    for (;;) {
      const { Items = [] } = await client.send(new ScanCommand({ TableName: table, Limit: 25 }))
      if (Items.length === 0) return count
      const requests = Items.map(({ view, part }) => ({ DeleteRequest: { Key: { view, part } } }))
      await client.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }))
      count += Items.length
    }
  }

  async function replay(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const command = ['cli/main.ts', 'replay', '--views', ...args]
    const child = spawn(resolve('node_modules/.bin/node'), command, {
      env: { ...process.env, TIDEWIRE_URL: stack.httpUrl },
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const code = await new Promise<number | null>((done) => child.once('close', done))
    return { code, stdout, stderr }
  }

  /**
   * An event that was erased is forgotten at its erasure while events come in, and where it is in a rebuild. Other suites
   * that share these tables may have erased one.
   */
  function textOf(views: Awaited<ReturnType<typeof settledViews>>): string {
    return JSON.stringify(views, (_, value) =>
      value?.state?.isErased === true ? { ...value, offset: null } : value,
    )
  }

  /**
   * The whole log without the audit trail, which a replay is written to. By partition: only in one is there an order, and
   * where pages of the log end depends on the trail.
   */
  async function readDomains() {
    const all = (await readLog(stack.httpUrl, '**')).filter(({ topic }) => topic !== AUDIT_TOPIC)
    return Object.groupBy(all, ({ topic, partition }) => `${topic}/${partition}`)
  }

  it('rebuilds every view from empty tables, byte for byte, and emits nothing', async () => {
    await simulate(1, 120)
    const before = await settledViews()
    const events = await readDomains()
    expect(Object.keys(before).filter((name) => before[name]?.length === 0)).toEqual(UNTOUCHED)
    expect(await emptyViews()).toBeGreaterThan(0)

    const { code, stdout, stderr } = await replay()

    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toMatch(/^replay \S+ is done: ([\d,]+) of \1 records folded, 0 skipped, 0 failed\n$/)
    expect(textOf(await settledViews())).toBe(textOf(before))
    expect(await readDomains()).toEqual(events)
  })

  it('loses and repeats no event that arrives meanwhile, and none that follows from it', async () => {
    const replaying = replay('--domain', 'port', '--domain', 'market')
    for (let seed = 10; seed < 14; seed++) await simulate(seed, 40)
    const { code, stderr } = await replaying
    expect([code, stderr]).toEqual([0, expect.any(String)])

    const after = await settledViews()

    const events = (await readLog(stack.httpUrl, '**')) as unknown as PositionedEvent[]
    const { expected, emitted } = foldAll(events, after)
    expect(after).toEqual(expected)
    const made = events.flatMap(({ event: { source } }) => /^urn:tidewire:fold:(.*)/.exec(source)?.[1] ?? [])
    expect(countBy(made)).toEqual(countBy(emitted))
    expect(made.length).toBeGreaterThan(0)
  })

  it('is in the audit trail', async () => {
    type Entries = { events: { event: { data: { target?: string } } }[] }
    const targets = async () => {
      const { json } = await get<Entries>(`${stack.httpUrl}/audit?action=views.rebuilt`)
      return json.events.map(({ event }) => event.data.target)
    }

    await expect.poll(targets).toContainEqual(expect.stringMatching(/^container-events.*, port-events$/))
  })

  it('reports errors before anything is deleted', async () => {
    const { code, stderr } = await replay('--domain', 'harbour')
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"harbour" is no domain; there are port, '),
    })
  })
})

/** The whole log folded at one go, and the views that made something follow, once for each event. */
function foldAll(events: readonly PositionedEvent[], like: Snapshot) {
  const epochs = new Map(Object.values(like).flatMap((parts) => parts.map((one) => [one.topic, one.epoch])))
  const emitted: string[] = []
  const folded = views.all.map(({ name, view }) => {
    const parts = new Map<string, ViewPart>()
    for (const event of events) {
      const idOf = (key: string) => [key, event.topic, event.partition].join('\u0000')
      const input = { ...event, epoch: epochs.get(event.topic) ?? '' }
      for (const { before, after } of applyEvent(view, input, (key) => parts.get(idOf(key)) ?? null)) {
        parts.set(idOf(after.key), after)
        emitted.push(...(view.emit?.(before, event, after.state, after.key) ?? []).map(() => name))
      }
    }
    const sorted = [...parts.values()].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    return [name, JSON.parse(JSON.stringify(sorted)) as ViewPart[]] as const
  })
  return { expected: Object.fromEntries(folded), emitted }
}

function orderOf({ key, topic, partition }: ViewPart): string {
  return [key, topic, String(partition).padStart(9, '0')].join('\u0000')
}

function countBy(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]))
}
