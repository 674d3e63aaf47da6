import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { domains } from '#shared/domain/catalog.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { get, type Problem, publish, readLog } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const MARK = `zz${randomUUID().replaceAll('-', '')}`
const MARK_AS_BASE64 = Buffer.from(MARK).toString('base64').slice(0, -4)
const TEXTS = { title: MARK, description: MARK, location: MARK, other: MARK, metadata: { [MARK]: MARK } }
const VIEWS = viewsOf(domains).all.map(({ name }) => name)

/** Events of every domain with a mark in each text, but for what names a channel or a state. */
const MARKED = [
  {
    id: 'critical',
    type: 'port.container.damaged',
    severity: 'critical',
    subject: MARK,
    data: { ...TEXTS, containerId: MARK },
  },
  { id: 'arrival', type: 'port.container.arrived', subject: MARK, data: { ...TEXTS, containerId: MARK } },
  { id: 'ship', type: 'port.ship.arrived', subject: MARK, data: { ...TEXTS, shipId: MARK, berth: 'B2' } },
  {
    id: 'post',
    type: 'blog.post.created',
    subject: 'a-post',
    data: {
      title: MARK,
      slug: MARK,
      author: MARK,
      excerpt: MARK,
      content: MARK,
      tags: [MARK],
      by: MARK,
      other: MARK,
    },
  },
  {
    id: 'tick',
    type: 'market.tick',
    subject: MARK,
    data: { symbol: 'ACME', price: 120, volume: 5, note: MARK },
  },
  {
    id: 'order',
    type: 'market.order.placed',
    subject: MARK,
    data: {
      orderId: MARK,
      user: 'eve',
      symbol: 'ACME',
      side: 'buy',
      kind: 'market',
      quantity: 3,
      note: MARK,
    },
  },
  {
    id: 'alert',
    type: 'market.alert.created',
    subject: MARK,
    data: { alertId: MARK, user: 'eve', symbol: 'ACME', kind: 'price-above', threshold: 200, note: MARK },
  },
  {
    id: 'reading',
    type: 'sensor.reading',
    subject: MARK,
    data: { sensorId: 'dock-3', location: 'Quay', temperature: 41.5, note: MARK },
  },
  { id: 'unknown', type: 'acme.unknown', subject: MARK, data: { deep: [{ [MARK]: MARK }] } },
].map((event) => ({ source: '/erasure', ...event }))

describe('an event that is erased over the running stack', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  const dynamodb = () => {
    const endpoint = process.env.DYNAMODB_ENDPOINT ?? `http://127.0.0.1:${stack.ports.DYNAMODB_PORT}`
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    return { endpoint, region: 'local', credentials }
  }

  /** Returns where a text has the mark: every item of every table. */
  async function markedItems(): Promise<string[]> {
    const base = new DynamoDBClient(dynamodb())
    const client = DynamoDBDocumentClient.from(base)
    const { TableNames = [] } = await base.send(new ListTablesCommand({}))
    const found: string[] = []
    for (const table of TableNames) {
      let from: Record<string, unknown> | undefined
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new ScanCommand({ TableName: table, ...(from && { ExclusiveStartKey: from }) }),
        )
        for (const item of Items)
          if (isMarked(JSON.stringify(item))) found.push(`${table}: ${JSON.stringify(item)}`)
        from = LastEvaluatedKey
      } while (from)
    }
    return found
  }
  const isMarked = (text: string) => text.includes(MARK) || text.includes(MARK_AS_BASE64)

  async function text(path: string): Promise<string> {
    const response = await fetch(`${stack.httpUrl}${path}`, { headers: { 'x-api-key': API_KEY } })
    return response.text()
  }

  /** Returns the addresses whose response has the mark. */
  async function markedAnswers(): Promise<string[]> {
    const paths = [
      '/events?channel=**&limit=500',
      '/events?channel=**,*.*.lifecycle,*.*.*.lifecycle&type=**&limit=500',
      `/events?channel=**&q=${MARK}`,
      '/events.csv?channel=**&limit=5000',
      '/stats',
      '/dead-letters?limit=500',
      ...MARKED.map(({ id }) => `/events/${id}?source=/erasure`),
      ...VIEWS.flatMap((name) => [`/views/${name}?limit=500`, `/views/${name}?parts=true&limit=500`]),
    ]
    const marked: string[] = []
    for (const path of paths) {
      // The search itself has the mark in its address only.
      const answer = await text(path)
      if (isMarked(answer))
        marked.push(`${path}: ${answer.slice(answer.indexOf(MARK) - 300, answer.indexOf(MARK) + 100)}`)
    }
    const log = JSON.stringify(await readLog(stack.httpUrl, '**'))
    if (isMarked(log)) marked.push('/events/since')
    return marked
  }

  async function erase(id: string, body: unknown = { reason: 'a test' }, key = API_KEY) {
    const response = await fetch(`${stack.httpUrl}/events/${id}/erase?source=/erasure`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, json: (await response.json()) as Record<string, unknown> & Problem }
  }

  async function replayOverSocket(): Promise<string> {
    const socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 's1', channels: ['**'], since: 'earliest' })
    await socket.next(({ type }) => type === 'subscribed')
    await socket.close()
    return JSON.stringify(socket.frames)
  }

  async function rebuildViews(): Promise<number | null> {
    const child = spawn(resolve('node_modules/.bin/node'), ['cli/main.ts', 'replay', '--views'], {
      stdio: 'ignore',
      env: { ...process.env, TIDEWIRE_URL: stack.httpUrl },
    })
    return new Promise((done) => child.once('close', done))
  }

  it('is nowhere but in Kafka: tables, lists, search, CSV, views, since, sockets, and after a rebuild', async () => {
    for (const event of MARKED) await publish(stack.httpUrl, event)
    const eve = () => text('/views/market/orders/eve')
    await expect.poll(eve).toContain('filled')
    await expect.poll(() => text('/views/port/berths/B2')).toContain(MARK)
    await expect.poll(() => text('/views/sensors/recent-alerts')).toContain('dock-3')
    await expect.poll(() => text('/events?channel=port.system')).toContain(MARK)
    const before = await markedAnswers()
    expect(before.length).toBeGreaterThan(10)
    const watcher = await openSocket(stack.socketUrl)
    watcher.send({
      action: 'subscribe',
      id: 's1',
      channels: ['port.container'],
      filter: { type: ['port.container.lost'] },
    })
    await watcher.next(({ type }) => type === 'subscribed')

    for (const { id } of MARKED) {
      const { status, json } = await erase(id)
      expect({ id, status, views: json.views }).toEqual({ id, status: 202, views: 'done' })
      expect(json.kafka).toMatchObject([
        { until: expect.any(String) },
        ...(json.also as unknown[]).map(() => ({})),
      ])
    }

    expect(await markedItems()).toEqual([])
    expect(await markedAnswers()).toEqual([])
    expect(isMarked(await replayOverSocket())).toBe(false)
    const told = await watcher.next((frame) => JSON.stringify(frame).includes('tidewire.erased'))
    expect(told).toMatchObject({ type: 'events', ids: ['s1'] })
    expect(isMarked(JSON.stringify(watcher.frames))).toBe(false)
    await watcher.close()
    expect(await rebuildViews()).toBe(0)
    expect(await markedItems()).toEqual([])
    expect(await markedAnswers()).toEqual([])
  })

  it('is erased once, whoever asks again, and others are told what is left', async () => {
    const first = await erase('critical')
    const again = await erase('critical')

    expect(again).toEqual(first)
    const { json } = await get<{ event: object; state: object }>(
      `${stack.httpUrl}/events/critical?source=/erasure`,
    )
    expect(json.event).toMatchObject({ id: 'critical', type: 'port.container.damaged', severity: 'critical' })
    expect(json.event).not.toHaveProperty('data')
    expect(json.state).toMatchObject({ isErased: true, title: 'Container damaged', status: 'new' })
  })

  it('is refused without a reason, to others than admins, and where there is none', async () => {
    expect(await erase('critical', {})).toMatchObject({ status: 422 })
    expect(await erase('critical', { reason: 'x' }, 'local-operator-key')).toMatchObject({ status: 403 })
    expect(await erase('nobody')).toMatchObject({ status: 404 })
  })

  it('is in the audit trail with the reason', async () => {
    const trail = async () => JSON.stringify((await get(`${stack.httpUrl}/audit?limit=100`)).json)

    await expect.poll(trail).toContain('"reason":"a test"')
  })
})
