import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Positioned, type Problem, post, publishBatch, type Receipt, readLog } from '../support/api.ts'
import { openSocket } from '../support/open-socket.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'

const BATCH = { 'content-type': 'application/cloudevents-batch+json' }
const AT_ONCE = 50
let stack: TestStack
let channel: string

beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack?.dispose())

const freshChannel = () => `test.${randomUUID().slice(0, 8)}`
const eventOf = (id: string, given: object = {}) => ({
  specversion: '1.0',
  id,
  source: '/idempotency',
  type: 'test.repeated',
  category: channel,
  subject: 's',
  ...given,
})

/** Posts until 202, as a sender does: after a 409 it waits for Retry-After. */
async function postUntilAccepted(body: unknown, headers: Record<string, string>) {
  for (let conflicts = 0; ; conflicts++) {
    const answer = await post(stack.httpUrl, JSON.stringify(body), headers)
    if (answer.status === 202) return { conflicts, json: answer.json }
    expect([answer.status, (answer.json as Problem).type]).toEqual([409, 'urn:tidewire:problem:conflict'])
    await sleep(Number(answer.headers.get('retry-after')) * 1000)
  }
}

async function subscribeTo(name: string) {
  const socket = await openSocket(stack.socketUrl)
  socket.send({ action: 'subscribe', id: 's', channels: [name] })
  await socket.next(({ type }) => type === 'subscribed')
  const received = () => socket.frames.flatMap((frame) => (frame.events ?? []) as Positioned[])
  return { received, close: () => socket.close() }
}

const positionOf = ({ topic, partition, offset }: Receipt) => `${topic}-${partition}:${offset}`

describe('repeats at the same time', () => {
  it('of one event, 1,000 of them, are one event: stored once, delivered once, with one position in every response', async () => {
    channel = freshChannel()
    const socket = await subscribeTo(channel)
    const limit = pLimit(AT_ONCE)
    const [before] = (await publishBatch(stack.httpUrl, [eventOf(randomUUID())])) as [Receipt]
    const event = eventOf(randomUUID())
    const headers = { 'content-type': 'application/cloudevents+json' }

    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => limit(() => postUntilAccepted(event, headers))),
    )

    const [after] = (await publishBatch(stack.httpUrl, [eventOf(randomUUID())])) as [Receipt]
    const positions = new Set(answers.map(({ json }) => positionOf(json as Receipt)))
    await expect.poll(() => socket.received().at(-1)?.event.id).toBe(after.id)
    const conflicts = answers.reduce((sum, one) => sum + one.conflicts, 0)
    console.log(`1,000 repeats: ${conflicts} × 409, ${after.offset - before.offset - 1} records in Kafka`)
    expect(positions.size).toBe(1)
    const log = await readLog(stack.httpUrl, channel)
    expect(log.map((one) => one.event.id)).toEqual([before.id, event.id, after.id])
    expect(socket.received().map((one) => one.event.id)).toEqual([before.id, event.id, after.id])
    expect([...positions]).toEqual(log.slice(1, 2).map((one) => positionOf({ ...one, id: '', source: '' })))
    await socket.close()
  })

  it('of a batch are one batch, also if batches overlap', async () => {
    channel = freshChannel()
    const ids = Array.from({ length: 60 }, () => randomUUID())
    const batches = Array.from({ length: 20 }, (_, index) => ids.slice(index % 3, 40 + (index % 3) * 10))

    const answers = await Promise.all(
      batches.map((batch) =>
        postUntilAccepted(
          batch.map((id) => eventOf(id)),
          BATCH,
        ),
      ),
    )

    const positions = new Map<string, Set<string>>()
    for (const receipt of answers.flatMap(({ json }) => (json as { events: Receipt[] }).events))
      positions.set(receipt.id, (positions.get(receipt.id) ?? new Set()).add(positionOf(receipt)))
    expect([...positions.values()].every(({ size }) => size === 1)).toBe(true)
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(60)
  })
})

describe('an Idempotency-Key', () => {
  const keyed = (key: string, body: unknown, headers: Record<string, string> = {}) =>
    post(stack.httpUrl, JSON.stringify(body), { 'idempotency-key': key, ...headers })

  it('makes a request without an id repeatable', async () => {
    channel = freshChannel()
    const body = { type: 'test.keyed', category: channel, data: { n: 1 } }
    const key = `"${randomUUID()}"`

    const answers = [await keyed(key, body), await keyed(key, body), await keyed(`"${randomUUID()}"`, body)]

    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    const [first, second, other] = answers.map(({ json }) => json as Receipt)
    expect(second).toEqual(first)
    expect(other?.id).not.toBe(first?.id)
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(2)
  })

  it('is the same key with and without quotes', async () => {
    channel = freshChannel()
    const key = randomUUID()
    const body = { type: 'test.keyed', category: channel }

    const answers = [await keyed(key, body), await keyed(`"${key}"`, body), await keyed(` ${key} `, body)]

    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    expect(new Set(answers.map(({ json }) => (json as Receipt).id)).size).toBe(1)
  })

  it('makes a batch without ids repeatable, and 30 at once one batch', async () => {
    channel = freshChannel()
    const batch = [1, 2, 3].map((data) => ({
      specversion: '1.0',
      type: 'test.keyed',
      category: channel,
      data,
    }))
    const key = { ...BATCH, 'idempotency-key': `"${randomUUID()}"` }

    const answers = await Promise.all(Array.from({ length: 30 }, () => postUntilAccepted(batch, key)))

    expect(new Set(answers.map(({ json }) => JSON.stringify(json))).size).toBe(1)
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(3)
  })

  it('belongs to one request; another request with it gets 422, and nothing is written', async () => {
    channel = freshChannel()
    const body = { type: 'test.keyed', category: channel, data: 1 }
    const key = `"${randomUUID()}"`
    await keyed(key, body)

    const others = [
      { ...body, data: 2 },
      { ...body, source: '/other' },
      { ...body, id: 'given' },
    ]
    for (const other of others) {
      const { status, json } = await keyed(key, other)
      expect([status, (json as Problem).type]).toEqual([422, 'urn:tidewire:problem:idempotency-key-reused'])
    }
    await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(1)
  })

  it('is not used up by a request that was refused', async () => {
    const key = `"${randomUUID()}"`
    expect((await keyed(key, { type: 'test.keyed', category: 'not a channel' })).status).toBe(422)
    expect((await keyed(key, { type: 'test.keyed', category: freshChannel() })).status).toBe(202)
  })

  it.each([
    ['two words', 'a b'],
    ['two keys', 'a,b'],
    ['an empty string', '""'],
    ['257 characters', `"${'k'.repeat(257)}"`],
    ['two strings', '"a", "b"'],
    ['an open string', '"abc'],
  ])('that is %s is 400', async (_, key) => {
    const { status, json } = await keyed(key, { type: 'test.keyed', category: 'test.keyed' })
    expect([status, (json as Problem).type]).toEqual([400, 'urn:tidewire:problem:malformed'])
  })
})

describe('a traceparent', () => {
  const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const OWN = '00-11111111111111111111111111111111-2222222222222222-00'

  it('goes from the request to the frame, is created if there is none, and is replaced by that of the event', async () => {
    channel = freshChannel()
    const socket = await subscribeTo(channel)
    const send = (given: object, headers: Record<string, string>) =>
      post(stack.httpUrl, JSON.stringify([eventOf(randomUUID(), given)]), { ...BATCH, ...headers })

    await send({}, { traceparent: TRACE })
    await send({}, { traceparent: 'nonsense' })
    await send({ traceparent: OWN }, { traceparent: TRACE })

    await expect.poll(() => socket.received().length).toBe(3)
    const [continued, begun, own] = socket.received().map(({ event }) => event.traceparent)
    // The trace goes on, in the span of the request.
    expect(continued).toMatch(new RegExp(`^${TRACE.slice(0, 36)}[0-9a-f]{16}-01$`))
    expect(own).toBe(OWN)
    expect(begun).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    await socket.close()
  })
})
