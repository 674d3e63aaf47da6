import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type ReceivedEvent } from '#shared/client/connect.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { encodeHttpBinary, encodeHttpStructured } from '#shared/pipeline/cloudevents/http.ts'
import { arbitraryEvent } from '#shared/testing/cloudevents/arbitrary-event.ts'
import { TEST_SEED } from '#shared/testing/test-seed.ts'
import { post, publishBatch, readLog } from '../support/api.ts'
import { API_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const EVENTS = Number(process.env.ROUND_TRIP_EVENTS ?? 1000)
const BATCH = 50

describe(`generated events, from HTTP through Kafka and DynamoDB to the socket (seed ${TEST_SEED})`, () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.dispose())

  it(`are delivered unchanged: ${EVENTS} of them`, { timeout: 1_800_000 }, async () => {
    const channel = `round.${randomUUID().slice(0, 8)}`
    const sent = new Map<string, CloudEvent>()
    const received = new Map<string, CloudEvent>()
    const client = connect({
      httpUrl: stack.httpUrl,
      socketUrl: stack.socketUrl,
      credentials: { apiKey: API_KEY },
    })
    await new Promise<void>((live) =>
      client.subscribe({ channels: [channel] }, ({ event }) => received.set(event.id, event), {
        onState: (state) => state === 'live' && live(),
      }),
    )

    for (let from = 0; from < EVENTS; from += BATCH) {
      const events = fc.sample(arbitraryEvent, {
        seed: TEST_SEED + from,
        numRuns: Math.min(BATCH, EVENTS - from),
      })
      const own = events.map((event, n) => ownEvent(event, channel, from + n))
      for (const event of own) sent.set(event.id, event)
      await send(stack.httpUrl, own)
    }
    await expect.poll(() => received.size, { timeout: 120_000 }).toBe(EVENTS)
    const log = await readLog(stack.httpUrl, channel)
    client.close()

    expect(log).toHaveLength(EVENTS)
    for (const [id, event] of sent) expect(received.get(id)).toEqual(event)
    for (const { event } of log) expect(event).toEqual(sent.get(event.id))
  })

  it('keep every digit of their numbers', async () => {
    const type = `digits.n${randomUUID().slice(0, 8)}`
    const data = '{"id":820982911946154508,"n":[-18446744073709551616,1e400,-0,0.1234567890123456789]}'
    const received = Promise.withResolvers<ReceivedEvent>()
    const { httpUrl, socketUrl } = stack
    const client = connect({ httpUrl, socketUrl, credentials: { apiKey: API_KEY } })
    client.subscribe({ channels: [type], since: 'earliest' }, received.resolve)
    const body = new TextEncoder().encode(`{"type":"${type}","data":${data}}`)

    expect(await post(httpUrl, body, { 'content-type': 'application/json' })).toMatchObject({ status: 202 })
    const { event, dataJson } = await received.promise
    client.close()

    expect(dataJson).toBe(data)
    expect(event.data).toMatchObject({
      id: 820982911946154500,
      n: [-(2 ** 64), Number.POSITIVE_INFINITY, -0, 0.12345678901234568],
    })
    const read = async (path: string) =>
      (await fetch(`${httpUrl}${path}channel=${type}`, { headers: { 'x-api-key': API_KEY } })).text()
    expect(await read('/events?')).toContain(`"data":${data}`)
    expect(await read('/events/since?cursor=earliest&')).toContain(`"data":${data}`)
    expect(await read('/events.csv?')).toContain(data.replaceAll('"', '""'))
  })
})

/** Returns a generated event with an id and channel of this run, and with everything that the server would fill in. */
function ownEvent(event: CloudEvent, channel: string, n: number): CloudEvent {
  const named = { id: `${channel}-${n}`, category: channel, severity: 'info', type: `round.trip.${n % 7}` }
  return { time: '2026-11-21T00:00:00Z', traceparent: TRACE, ...event, ...named } as CloudEvent
}

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

/** Every tenth batch is posted event by event, in structured mode, or in binary mode if all attributes are text. */
async function send(httpUrl: string, events: readonly CloudEvent[]): Promise<void> {
  if (Number(events[0]?.id.split('-').at(-1)) % (10 * BATCH) !== 0) {
    await publishBatch(httpUrl, events)
    return
  }
  for (const event of events) {
    const isText = Object.entries(event).every(
      ([name, value]) => name.startsWith('data') || typeof value === 'string',
    )
    const isPlain =
      event.datacontenttype !== undefined && event.data === undefined && event.data_base64 === undefined
    const { headers, body } = isText && isPlain ? encodeHttpBinary(event) : encodeHttpStructured(event)
    const { status, json } = await post(httpUrl, new Uint8Array(body), headers)
    if (status !== 202) throw new Error(`${status}: ${JSON.stringify(json)} for ${JSON.stringify(event)}`)
  }
}
