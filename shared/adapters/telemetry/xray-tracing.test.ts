import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { xrayTracing } from './xray-tracing.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SAMPLED = `00-${TRACE}-00f067aa0ba902b7-01`
const UNSAMPLED = `00-${TRACE}-00f067aa0ba902b7-00`

type Document = Readonly<Record<string, unknown>> & { readonly annotations: object }

async function startDaemon() {
  const socket = createSocket('udp4')
  const packets: string[] = []
  socket.on('message', (packet) => packets.push(packet.toString()))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  const { port } = socket.address()
  const documents = async (count: number): Promise<Document[]> => {
    await expect.poll(() => packets.length).toBe(count)
    return packets.map((packet) => {
      const [header = '', document = ''] = packet.split('\n')
      expect(JSON.parse(header)).toEqual({ format: 'json', version: 1 })
      return JSON.parse(document)
    })
  }
  return { daemon: `127.0.0.1:${port}`, documents }
}

async function createWorld() {
  const { daemon, documents } = await startDaemon()
  const clock = { now: 1_795_777_411_868 }
  const dropped: number[] = []
  const tracing = xrayTracing({
    service: 'write',
    daemon,
    now: () => clock.now,
    dropped: (spans) => dropped.push(spans),
  })
  return { tracing, documents, clock, dropped }
}

test('a span is a segment document: of its trace, with its parent, and what OpenTelemetry says of it', async () => {
  const { tracing, documents, clock } = await createWorld()

  const response = await tracing.span(
    'POST /events',
    {
      parent: SAMPLED,
      kind: 'server',
      attributes: { 'http.request.method': 'POST', 'http.route': 'POST /events' },
      describe: (status: number) => ({ 'http.response.status_code': status }),
    },
    async (trace) => {
      tracing.record('append', { parent: trace, kind: 'producer', start: clock.now, end: clock.now + 5 })
      clock.now += 7
      return 503
    },
  )
  await tracing.flush()

  expect(response).toBe(503)
  const [append, server] = await documents(2)
  expect(server).toMatchObject({
    trace_id: `1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}`,
    parent_id: '00f067aa0ba902b7',
    name: 'tidewire-write',
    start_time: 1_795_777_411.868,
    end_time: 1_795_777_411.875,
    fault: true,
    http: { request: { method: 'POST', url: 'POST /events' }, response: { status: 503 } },
    annotations: { span: 'POST /events', kind: 'server', service: 'write', http_request_method: 'POST' },
  })
  expect(append).toMatchObject({ name: 'append', type: 'subsegment', parent_id: server?.id })
})

test('what throws is a fault with the type of the error, and without its text', async () => {
  const { tracing, documents } = await createWorld()

  const work = tracing.span('fold', { parent: SAMPLED }, async () => {
    throw new TypeError('secret')
  })
  await expect(work).rejects.toThrow('secret')
  await tracing.flush()

  const [document] = await documents(1)
  expect(document).toMatchObject({ fault: true, annotations: { error_type: 'TypeError' } })
  expect(JSON.stringify(document)).not.toContain('secret')
})

test('what is not sampled is not recorded, and its trace goes on', async () => {
  const { tracing, documents } = await createWorld()

  const child = await tracing.span('GET', { parent: UNSAMPLED }, async (trace) => trace)
  tracing.record('fold', { parent: UNSAMPLED, start: 1, end: 2 })
  tracing.record('fold', { parent: SAMPLED, start: 1, end: 2 })
  await tracing.flush()

  expect(child).toBe(UNSAMPLED)
  expect(await documents(1)).toHaveLength(1)
})

test('a request without a trace begins one that is sampled once in a second', async () => {
  const { tracing, clock } = await createWorld()

  const begun = () => tracing.begin(undefined)
  expect(tracing.begin(SAMPLED)).toBe(SAMPLED)
  expect(begun()).toBeUndefined()
  expect(begun()).toMatch(/-00$/)
  clock.now += 999
  expect(begun()).toMatch(/-00$/)
  clock.now += 1
  expect(begun()).toBeUndefined()
  // A clock that was set back.
  clock.now -= 3_600_000
  expect(begun()).toBeUndefined()
  expect(await tracing.span('POST', { parent: undefined }, async (trace) => trace)).toMatch(
    /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/,
  )
})

test('a flood of spans is cut, and it is told how many were', async () => {
  const { tracing, dropped } = await createWorld()

  for (let index = 0; index < 450; index++) tracing.record('fold', { parent: SAMPLED, start: 1, end: 2 })
  await tracing.flush()

  expect(dropped).toEqual([50])
})
