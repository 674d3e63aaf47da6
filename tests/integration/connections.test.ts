import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { connect } from '#shared/client/connect.ts'
import { openSocket } from '../support/open-socket.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

type Listed = {
  readonly id: string
  readonly principal: { readonly name: string }
  readonly subscriptions: readonly { readonly channels: readonly string[] }[]
  readonly framesPerSecond: number
  readonly eventsPerSecond: number
  readonly lagMs: number
}
type Page = { readonly connections: readonly Listed[]; readonly total: number; readonly next: string | null }

const PATIENCE = { timeout: 60_000, interval: 200 }

describe('open connections over the running stack', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  const call = async (method: string, path: string) => {
    const response = await fetch(`${stack.httpUrl}${path}`, { method, headers: { 'x-api-key': API_KEY } })
    return { status: response.status, body: (await response.json()) as unknown }
  }
  const list = async (query = '') => (await call('GET', `/connections${query}`)).body as Page
  const publish = (channel: string) =>
    fetch(`${stack.httpUrl}/events`, {
      method: 'POST',
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'tests.connections', category: channel }),
    })
  const only = (page: Page, channel: string) =>
    page.connections.filter(({ subscriptions }) =>
      subscriptions.some(({ channels }) => channels.includes(channel)),
    )

  test('are listed with the rates of what they get, once somebody looks', async () => {
    const channel = `tests.${randomUUID()}`
    const socket = await openSocket(stack.socketUrl)
    socket.send({ action: 'subscribe', id: 's1', channels: [channel] })
    await socket.next(({ type }) => type === 'subscribed')

    const found = await vi.waitUntil(async () => {
      await publish(channel)
      const [own] = only(await list(), channel)
      return own !== undefined && own.framesPerSecond > 0 && own
    }, PATIENCE)

    expect(found).toMatchObject({ principal: { name: 'key:local-dev' }, lagMs: 0 })
    expect(found.eventsPerSecond).toBeGreaterThanOrEqual(found.framesPerSecond)
    await socket.close()
    await vi.waitUntil(async () => only(await list(), channel).length === 0, PATIENCE)
  })

  test('are paged', async () => {
    const sockets = await Promise.all(Array.from({ length: 5 }, () => openSocket(stack.socketUrl)))
    const found = new Set<string>()
    let next: string | null = ''
    while (next !== null) {
      const page: Page = await list(`?limit=2${next && `&next=${encodeURIComponent(next)}`}`)
      expect(page.connections.length).toBeLessThanOrEqual(2)
      expect(page.total).toBeGreaterThanOrEqual(5)
      for (const { id } of page.connections) found.add(id)
      next = page.next
    }

    expect(found.size).toBeGreaterThanOrEqual(5)
    await Promise.all(sockets.map((socket) => socket.close()))
  })

  test('that are closed are told so, and the client library connects again and misses nothing', async () => {
    const channel = `tests.${randomUUID()}`
    const got: string[] = []
    const { httpUrl, socketUrl } = stack
    const tidewire = connect({ httpUrl, socketUrl, credentials: { apiKey: API_KEY } })
    tidewire.subscribe({ channels: [channel] }, ({ event }) => void got.push(event.id))
    const first = await vi.waitUntil(async () => only(await list(), channel)[0], PATIENCE)

    expect(await call('DELETE', `/connections/${encodeURIComponent(first.id)}`)).toEqual({
      status: 202,
      body: { id: first.id },
    })
    const posted = (await (await publish(channel)).json()) as { readonly id: string }

    await vi.waitUntil(() => got.length > 0, PATIENCE)
    expect(got).toEqual([posted.id])
    const second = await vi.waitUntil(async () => only(await list(), channel)[0], PATIENCE)
    expect(second.id).not.toBe(first.id)
    expect((await call('DELETE', `/connections/${encodeURIComponent(first.id)}`)).status).toBe(404)
    tidewire.close()
  })
})
