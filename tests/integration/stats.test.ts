import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PresentedStats } from '#shared/domain/tidewire.ts'
import { get, type Positioned, type Problem, post, publish } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

type Sent = { id: string; data: PresentedStats & { connections: number } }

let stack: TestStack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack?.dispose())

it('are sent on tidewire.stats whenever they change, at most every two seconds', async () => {
  const socket = await openSocket(stack.socketUrl)
  const sent = () =>
    socket.frames.flatMap((frame) =>
      frame.type === 'events' ? (frame.events as Positioned[]) : [],
    ) as unknown as {
      event: Sent
    }[]
  const last = () => sent().at(-1)?.event.data
  socket.send({ action: 'subscribe', id: 's1', channels: ['tidewire.stats'], since: 'latest' })
  await expect.poll(() => last()?.connections).toBe(1)
  const before = last()?.total ?? 0

  for (const severity of ['critical', 'info', 'critical'])
    await publish(stack.httpUrl, { type: 'port.ship.arrived', severity, data: { shipId: `s-${severity}` } })
  await expect.poll(() => (last()?.total ?? 0) - before).toBeGreaterThanOrEqual(3)
  expect(last()?.severities.find(({ name }) => name === 'critical')?.count).toBe(2)
  const answered = (await get<Sent['data']>(`${stack.httpUrl}/stats`)).json
  expect(last()).toMatchObject({ categories: answered.categories, today: answered.today })

  const other = await openSocket(stack.socketUrl)
  await expect.poll(() => last()?.connections).toBe(2)
  other.close()
  await expect.poll(() => last()?.connections).toBe(1)

  const slots = sent().map(({ event }) => Number(event.id.split('-')[1]))
  for (const [index, slot] of slots.slice(1).entries())
    expect(slot - (slots[index] ?? 0)).toBeGreaterThanOrEqual(2000)
  const count = sent().length
  await sleep(5000)
  expect(sent()).toHaveLength(count)
  socket.close()
})

it('are omitted from lists unless they are requested, and cannot be posted', async () => {
  const list = async (query: string) =>
    (await get<{ events: Positioned[] }>(`${stack.httpUrl}/events?${query}`)).json.events
  expect((await list('')).map(({ event }) => event.category)).not.toContain('tidewire.stats')
  expect((await list('channel=tidewire.*')).length).toBeGreaterThan(2)

  const { status, json } = await post(
    stack.httpUrl,
    JSON.stringify({ type: 'made-up', category: 'tidewire.stats', data: {} }),
  )
  expect([status, (json as Problem).errors?.[0]?.pointer]).toEqual([403, '/category'])
})
