import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import type { PositionedEvent } from '#shared/core/event.ts'
import { eventAt } from '#shared/testing/client/scripted-server.ts'
import { type ConnectOptions, connect, type Tidewire } from './connect.ts'

type Fake = {
  readonly http: Server
  readonly sockets: Set<ServerSocket>
  readonly log: PositionedEvent[]
  refuse: boolean
  frozen: boolean
  /** The delay of responses to `subscribe`. */
  lateMs: number
  opened: number
  readonly produce: () => void
}
const open: { fake?: Fake; tidewire?: Tidewire } = {}

afterEach(async () => {
  open.tidewire?.close()
  for (const socket of open.fake?.sockets ?? []) socket.terminate()
  open.fake?.http.closeAllConnections()
  open.fake?.http.close()
})

/** A server with a log of one partition: it replays, pushes, pages, refuses and freezes. */
async function startFake(): Promise<Fake> {
  const http = createServer((request, response) => {
    const since = Number(
      new URL(request.url ?? '', 'http://x').searchParams.get('cursor')?.split('=')[1] ?? -1,
    )
    const events = fake.log.slice(since + 1)
    response.end(JSON.stringify({ events, cursor: head(), recovered: true }))
  })
  const fake: Fake = {
    http,
    sockets: new Set(),
    log: [eventAt(0)],
    refuse: false,
    frozen: false,
    lateMs: 0,
    opened: 0,
    produce,
  }
  const head = () => `t@e1:0=${fake.log.length - 1}`
  function produce() {
    const event = eventAt(fake.log.length)
    fake.log.push(event)
    if (!fake.frozen)
      for (const socket of fake.sockets)
        socket.send(JSON.stringify({ type: 'events', ids: ['s1'], events: [event] }))
  }
  const server = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, stream, head) => {
    if (fake.refuse) return stream.destroy()
    server.handleUpgrade(request, stream, head, accept)
  })
  function accept(socket: ServerSocket) {
    fake.opened++
    socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      if (fake.frozen) return
      if (fake.lateMs === 0 || message.action === 'ping') answer(socket, message)
      else setTimeout(() => answer(socket, message), fake.lateMs)
    })
    socket.on('close', () => fake.sockets.delete(socket))
  }
  function answer(socket: ServerSocket, { action, id, attempt, since }: Record<string, string>) {
    if (action === 'ping') return socket.send(JSON.stringify({ type: 'pong', time: '', behind: false }))
    if (action !== 'subscribe') return
    fake.sockets.add(socket)
    const events = since === 'latest' ? [] : fake.log.slice(Number(since?.split('=')[1]) + 1)
    socket.send(JSON.stringify({ type: 'events', ids: [id], attempt, replay: true, events }))
    socket.send(JSON.stringify({ type: 'subscribed', id, attempt, cursor: head(), recovered: true }))
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  open.fake = fake
  return fake
}

async function startClient(fake: Fake, options: Partial<ConnectOptions> = {}) {
  const { port } = fake.http.address() as AddressInfo
  const [httpUrl, socketUrl] = [`http://127.0.0.1:${port}`, `ws://127.0.0.1:${port}`]
  const tidewire = connect({
    httpUrl,
    socketUrl,
    credentials: { apiKey: 'k' },
    keyInUrl: true,
    random: () => 0.05,
    pollMs: 50,
    onError: () => {},
    ...options,
  })
  open.tidewire = tidewire
  const got: number[] = []
  tidewire.subscribe({ channels: ['a.*'] }, ({ offset }) => got.push(offset))
  await vi.waitFor(() => expect(tidewire.state).toBe('live'), WAIT)
  return { tidewire, got }
}

/** The limit of each wait for a condition, in milliseconds; enough for a slow machine. */
const WAIT = 20_000

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test('loses and repeats nothing when sockets are cut while events flow', async () => {
  const fake = await startFake()
  const { got } = await startClient(fake)
  const flow = setInterval(fake.produce, 2)
  for (let cut = 0; cut < 4; cut++) {
    await vi.waitFor(() => expect([fake.opened, fake.sockets.size]).toEqual([cut + 1, 1]), WAIT)
    const arrived = got.length
    await vi.waitFor(() => expect(got.length).toBeGreaterThan(arrived + 5), WAIT)
    for (const socket of fake.sockets) socket.terminate()
  }
  await vi.waitFor(() => expect(fake.opened).toBe(5), WAIT)
  clearInterval(flow)
  await vi.waitFor(() => expect(got).toEqual(upTo(fake.log.length - 1)), WAIT)
})

test('detects a frozen socket by its missing pong and gets missed events on another socket', async () => {
  const fake = await startFake()
  const { got } = await startClient(fake, { pingMs: 40, pongTimeoutMs: 60, answerTimeoutMs: 300 })
  fake.frozen = true
  fake.produce()
  fake.produce()
  await vi.waitFor(() => expect(fake.opened).toBeGreaterThanOrEqual(2), WAIT)
  fake.frozen = false
  await vi.waitFor(() => expect(got).toEqual([1, 2]), WAIT)
})

test('reaches a server that takes longer to respond than a client waits at first', async () => {
  const fake = await startFake()
  fake.lateMs = 250
  const { got } = await startClient(fake, { answerTimeoutMs: 100 })
  fake.produce()
  await vi.waitFor(() => expect(got).toEqual([1]), WAIT)
})

test('changes connections under load without a loss, a repeat or disorder', async () => {
  const fake = await startFake()
  const { got, tidewire } = await startClient(fake, { maxConnectionMs: 80 })
  const states: string[] = []
  tidewire.onState((state) => states.push(state))
  const flow = setInterval(fake.produce, 1)
  await vi.waitFor(() => expect(fake.opened).toBeGreaterThanOrEqual(5), WAIT)
  clearInterval(flow)
  await vi.waitFor(() => expect(got).toEqual(upTo(fake.log.length - 1)), WAIT)
  expect(states).toEqual([])
})

test('polls while sockets are refused, and then uses a socket again', async () => {
  const fake = await startFake()
  const { got, tidewire } = await startClient(fake)
  fake.refuse = true
  for (const socket of fake.sockets) socket.terminate()
  await vi.waitFor(() => expect(tidewire.state).toBe('polling'), WAIT)
  fake.produce()
  await vi.waitFor(() => expect(got).toEqual([1]), WAIT)
  fake.refuse = false
  await vi.waitFor(() => expect(tidewire.state).toBe('live'), 10_000)
  fake.produce()
  await vi.waitFor(() => expect(got).toEqual([1, 2]), WAIT)
})
