import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '#shared/client/connect.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { post, type Receipt, readLog } from '../support/api.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const POSTS = Number(process.env.KILL_POSTS ?? 5000)
const KILLS = Number(process.env.KILLS ?? 10)
const AT_ONCE = 8
/** The consumer group waits 6 s for its killed member, and the client polls for missed events. */
const SETTLE_MS = 60_000

describe('kill -9 of the whole stack', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  it(`loses nothing that got a 202, in ${POSTS} posts with ${KILLS} kills at random moments`, {
    timeout: 300_000,
  }, async () => {
    const channel = `kill.${randomUUID().slice(0, 8)}`
    const received: PositionedEvent[] = []
    const client = connect({
      httpUrl: stack.httpUrl,
      socketUrl: stack.socketUrl,
      credentials: { apiKey: API_KEY },
    })
    const subscribed = new Promise<void>((resolve) =>
      client.onState((state) => state === 'live' && resolve()),
    )
    const gaps: string[] = []
    client.subscribe({ channels: [channel] }, (event) => received.push(event), {
      onGap: ({ reason }) => gaps.push(reason),
      onError: () => {}, // a stack that is being killed causes many kinds of errors
    })
    await subscribed

    const accepted = new Map<string, Receipt>()
    const writing = writeAll(stack, channel, accepted)
    const killedAt: number[] = []
    const restarts: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      const goal = ((kill + Math.random()) / KILLS) * POSTS
      while (accepted.size < goal) await sleep(5)
      killedAt.push(accepted.size)
      await stack.stop('SIGKILL')
      restarts.push(await stack.start())
    }
    await writing

    const ids = (events: readonly { event: { id: string } }[]) => events.map(({ event }) => event.id)
    const deadline = Date.now() + SETTLE_MS
    while (new Set(ids(received)).size < POSTS && Date.now() < deadline) await sleep(50)
    const log = await readLog(stack.httpUrl, channel)
    client.close()
    process.stdout.write(
      `killed after ${killedAt.join(', ')} accepted posts; ${log.length} events in the log table; ` +
        `ready again after ${Math.round(Math.max(...restarts))} ms at most\n`,
    )
    const missing = ids(log).filter((id) => !ids(received).includes(id))
    expect(missing.map((id) => accepted.get(id))).toEqual([])
    expect(gaps).toEqual([])
    for (const { event, partition, offset } of log)
      expect({ partition, offset }).toEqual(positionOf(accepted.get(event.id)))
    expect(new Set(ids(log)).size).toBe(log.length)
    expect(ids(log).sort()).toEqual([...accepted.keys()].sort())
    expect(ids(received).sort()).toEqual([...accepted.keys()].sort())
    for (const partition of [0, 1, 2]) {
      const offsets = received.filter((one) => one.partition === partition).map(({ offset }) => offset)
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
    }
  })
})

function positionOf(receipt: Receipt | undefined) {
  return { partition: receipt?.partition, offset: receipt?.offset }
}

/** Posts every event with the same id until it gets a 202, like a careful producer. */
async function writeAll(stack: TestStack, channel: string, accepted: Map<string, Receipt>): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let n = next++; n < POSTS; n = next++) {
      const id = `${channel}-${n}`
      const body = JSON.stringify({ id, source: '/kill', type: 'kill.test', category: channel, data: { n } })
      for (;;) {
        const answer = await post(stack.httpUrl, body).catch(() => null)
        if (answer?.status === 202) {
          accepted.set(id, answer.json as Receipt)
          break
        }
        await sleep(20)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}
