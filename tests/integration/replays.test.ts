import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Replay } from '#shared/pipeline/replays/replay-store.ts'
import { standardSchemes } from '#shared/pipeline/webhooks/providers/standard-providers.ts'
import { verifyWebhook } from '#shared/pipeline/webhooks/verify.ts'
import { get, publishBatch } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

type Delivery = { headers: Record<string, string | string[] | undefined>; body: string }

const CHANNEL = `replays.${randomUUID().slice(0, 8)}`
const COUNT = 250
const WITHIN = { timeout: 60_000, interval: 100 }

describe('replays over the running stack', () => {
  let stack: TestStack
  let receiver: Server
  let receiverUrl = ''
  const deliveries: Delivery[] = []
  /** What the receiver responds with, in turn; afterwards 204. */
  const responses: number[] = []

  beforeAll(async () => {
    stack = await startStack({ env: { SCHEDULE_SECONDS: '1' } })
    receiver = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const status = responses.shift() ?? 204
      if (status < 300) deliveries.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      response.writeHead(status).end()
    })
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
    receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/in`
    await publishBatch(
      stack.httpUrl,
      Array.from({ length: COUNT }, (_, n) => ({
        specversion: '1.0',
        id: `e${n}`,
        source: '/replays',
        type: n % 2 === 0 ? `${CHANNEL}.even` : `${CHANNEL}.odd`,
        data: { n },
      })),
    )
    await vi.waitFor(async () => {
      const { json } = await get<{ events: unknown[] }>(
        `${stack.httpUrl}/events/since?channel=${CHANNEL}.*&cursor=&limit=500`,
      )
      expect(json.events).toHaveLength(COUNT)
    }, WITHIN)
  })
  afterAll(async () => {
    receiver?.closeAllConnections()
    receiver?.close()
    await stack?.dispose()
  })

  async function create(body: object): Promise<Replay & { secret?: string }> {
    const response = await fetch(`${stack.httpUrl}/replays`, {
      method: 'POST',
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    expect([response.status, text]).toEqual([202, expect.any(String)])
    return JSON.parse(text)
  }
  const show = async (id: string) => (await get<Replay>(`${stack.httpUrl}/replays/${id}`)).json
  const untilOver = (id: string) =>
    vi.waitFor(async () => {
      const replay = await show(id)
      expect(['done', 'failed']).toContain(replay.status)
      return replay
    }, WITHIN)

  it('send a range of events to a URL, signed, and again after a 503', async () => {
    responses.push(503)
    const created = await create({
      kind: 'events',
      channels: [`${CHANNEL}.even`],
      from: '2020-01-01T00:00:00Z',
      target: { url: receiverUrl },
      rate: 2000,
    })

    const replay = await untilOver(created.id)

    expect(replay).toMatchObject({ status: 'done', done: COUNT / 2, failed: 0 })
    expect(replay.done + replay.skipped).toBe(replay.total)
    const ids = deliveries.flatMap(({ body }) => (JSON.parse(body) as { id: string }[]).map(({ id }) => id))
    expect(new Set(ids).size).toBe(COUNT / 2)
    for (const { headers, body } of deliveries) {
      const request = { headers, body: Buffer.from(body) } as unknown as Parameters<typeof verifyWebhook>[0]
      const how = { schemes: standardSchemes('webhook'), secrets: [created.secret ?? ''], now: new Date() }
      expect(verifyWebhook({ ...request, ...how })).toEqual({ ok: true })
    }
  })

  it('fail with the reason where a URL refuses everything', async () => {
    responses.push(...Array.from({ length: 200 }, () => 400))
    const { id } = await create({
      kind: 'events',
      channels: [`${CHANNEL}.*`],
      from: '2020-01-01T00:00:00Z',
      target: { url: receiverUrl },
      rate: 20,
    })

    const replay = await untilOver(id)
    responses.length = 0

    expect(replay).toMatchObject({ status: 'failed', done: 0 })
    expect(replay.error).toContain('the URL answered 400')
  })

  it('send a range of events to a connection', async () => {
    const socket = await openSocket(stack.socketUrl, `key=${API_KEY}`)
    const connection = await vi.waitFor(async () => {
      const { json } = await get<{ connections: { id: string }[] }>(`${stack.httpUrl}/connections`)
      expect(json.connections).toHaveLength(1)
      return json.connections[0]?.id ?? ''
    }, WITHIN)

    const { id } = await create({
      kind: 'events',
      channels: [`${CHANNEL}.odd`],
      from: '2020-01-01T00:00:00Z',
      target: { connection },
    })
    expect(await untilOver(id)).toMatchObject({ status: 'done', done: COUNT / 2 })

    const replayed = socket.frames.filter(({ type, replay }) => type === 'replay' && replay === id)
    const events = replayed.flatMap(({ events: some }) => some as { event: { id: string } }[])
    expect(new Set(events.map(({ event }) => event.id)).size).toBe(COUNT / 2)
    await socket.close()
    const late = await create({
      kind: 'events',
      channels: [`${CHANNEL}.odd`],
      from: '2020-01-01T00:00:00Z',
      target: { connection },
    })
    expect(await untilOver(late.id)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('closed'),
    })
  })

  it('rebuild views, and are over with every record counted', async () => {
    const { id } = await create({ kind: 'views', topics: ['events'] })

    const replay = await untilOver(id)

    expect(replay).toMatchObject({ status: 'done', skipped: 0, failed: 0 })
    expect(replay).not.toHaveProperty('error')
    expect(replay.done).toBe(replay.total)
    expect(replay.total).toBeGreaterThanOrEqual(COUNT)
  })
})
