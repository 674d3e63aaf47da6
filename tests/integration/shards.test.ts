import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Positioned, publishBatch, readLog } from '../support/api.ts'
import { openSocket, type TestSocket } from '../support/open-socket.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

const SOCKETS = 24
const EVENTS = 60

describe('three shards of subscribers', () => {
  let stack: TestStack
  const sockets: TestSocket[] = []
  beforeAll(async () => {
    stack = await startStack({ env: { SHARDS: '3' } })
    for (let n = 0; n < SOCKETS; n++) sockets.push(await openSocket(stack.socketUrl))
  })
  afterAll(async () => {
    await Promise.all(sockets.map((socket) => socket.close()))
    await stack?.dispose()
  })

  it('serve every subscriber once, in order, and store every event once', async () => {
    const channel = `shards.${randomUUID().slice(0, 8)}`
    for (const socket of sockets) {
      socket.send({ action: 'subscribe', id: 's', channels: [channel] })
      await socket.next((frame) => frame.type === 'subscribed')
    }
    const event = (n: number) => ({
      specversion: '1.0',
      id: `${channel}-${n}`,
      source: '/shards',
      type: 'shard.test',
      category: channel,
      partitionkey: 'one',
      data: { n },
    })
    for (let from = 0; from < EVENTS; from += 10)
      await publishBatch(
        stack.httpUrl,
        Array.from({ length: 10 }, (_, n) => event(from + n)),
      )

    const received = ({ frames }: TestSocket) =>
      frames
        .filter(({ type }) => type === 'events')
        .flatMap(({ events }) => (events as Positioned[]).map(({ offset }) => offset))
    await expect
      .poll(() => sockets.map((socket) => received(socket).length))
      .toEqual(Array(SOCKETS).fill(EVENTS))

    const log = (await readLog(stack.httpUrl, channel)).map(({ offset }) => offset)
    expect(log).toHaveLength(EVENTS)
    for (const socket of sockets) expect(received(socket)).toEqual(log)
  })
})
