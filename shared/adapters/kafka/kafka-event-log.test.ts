import { Buffer } from 'node:buffer'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { kafkaEventLog } from './kafka-event-log.ts'

// The positions that a write returns are tested against real brokers in tests/. These tests use failing brokers, and one
// that records its requests.
const RECORD = { topic: 't', key: 'k', value: Buffer.from('{}'), headers: {} }
let server: Server | undefined

afterEach(() => server?.close())

async function listen(onConnection: (socket: Socket, port: number) => void): Promise<string> {
  server = createServer((socket) => onConnection(socket, port))
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return `127.0.0.1:${port}`
}

test('a write that no broker accepts is refused as unavailable, and can be retried', async () => {
  const kafka = kafkaEventLog({ brokers: ['127.0.0.1:9'], clientId: 'test' })

  const refusal = await kafka.append([RECORD]).catch((error: unknown) => error)

  expect(refusal).toBeInstanceOf(Refusal)
  expect(refusal).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
  expect((refusal as Refusal).cause).toBeInstanceOf(Error)
})

test('a write to a broker that accepts connections but never responds is refused after the timeout', async () => {
  const broker = await listen(() => {})
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { patienceMs: 50 })

  const refusal = await kafka.append([RECORD]).catch((error: unknown) => error)

  expect(refusal).toMatchObject({
    code: 'unavailable',
    cause: { message: 'no response from Kafka within 50 ms' },
  })
})

const API = { produce: 0, metadata: 3, versions: 18 } as const
const SUPPORTED = [
  [API.produce, 3, 3],
  [API.metadata, 0, 0],
  [API.versions, 0, 0],
] as const

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int64 = (value: number) => Buffer.concat([int32(0), int32(value)])
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)])
const list = (...items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items])

// https://kafka.apache.org/protocol, in the versions of SUPPORTED.
//   request  = size:int32 api:int16 version:int16 correlation:int32 client:string body
//   response = size:int32 correlation:int32 body
//   Produce 3 body = transactional:nullable-string acks:int16 timeout:int32 topics
function bodyOf(api: number, port: number): Buffer {
  if (api === API.versions)
    return Buffer.concat([int16(0), list(...SUPPORTED.map((range) => Buffer.concat(range.map(int16))))])
  if (api === API.metadata) {
    const broker = Buffer.concat([int32(1), text('127.0.0.1'), int32(port)])
    const partition = Buffer.concat([int16(0), int32(0), int32(1), list(int32(1)), list(int32(1))])
    return Buffer.concat([list(broker), list(Buffer.concat([int16(0), text(RECORD.topic), list(partition)]))])
  }
  const partition = Buffer.concat([int32(0), int16(0), int64(7), int64(-1)])
  return Buffer.concat([list(Buffer.concat([text(RECORD.topic), list(partition)])), int32(0)])
}

/** A broker that takes every write. Returns what it recorded; what it does not answer is silent, and not closed. */
async function startBroker() {
  const acks: number[] = []
  const silent = new Set<Socket>()
  const sockets: Socket[] = []
  const broker = await listen((socket, port) => {
    sockets.push(socket)
    let received = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const request = received.subarray(4, 4 + received.readInt32BE(0))
        received = received.subarray(4 + request.length)
        const api = request.readInt16BE(0)
        const client = request.readInt16BE(8)
        const noTransaction = 2
        if (api === API.produce) acks.push(request.readInt16BE(10 + client + noTransaction))
        if (silent.has(socket)) continue
        const response = Buffer.concat([request.subarray(4, 8), bodyOf(api, port)])
        socket.write(Buffer.concat([int32(response.length), response]))
      }
    })
    socket.on('error', () => {})
  })
  const silence = () => {
    for (const socket of sockets) silent.add(socket)
  }
  return { broker, acks, sockets, silence }
}

const areClosed = (sockets: readonly Socket[]) =>
  expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true)

test('a write requests the acknowledgement of all in-sync replicas', async () => {
  const { broker, acks } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' })

  const positions = await kafka.append([RECORD])

  expect(positions).toEqual([{ topic: 't', partition: 0, offset: 7 }])
  expect(acks).toEqual([-1])
})

test('a write after a minute without one has connections of its own', async () => {
  let now = 0
  const { broker, sockets, silence } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { now: () => now })
  await kafka.append([RECORD])
  const first = sockets.length
  now += 60_000
  await kafka.append([RECORD])
  expect(sockets).toHaveLength(first)
  silence() // dropped without notice
  now += 60_001

  expect(await kafka.append([RECORD])).toHaveLength(1)

  await areClosed(sockets.slice(0, first))
})

test('a write on a connection that was dropped without notice is repeated on a new one', async () => {
  const { broker, sockets, silence } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { silenceMs: 20 })
  await kafka.append([RECORD])
  const first = [...sockets]
  silence()

  const positions = await Promise.all([kafka.append([RECORD]), kafka.append([RECORD])])

  expect(positions.flat()).toHaveLength(2)
  await areClosed(first)
})

test('a write fails that is without a response on the new connection too', async () => {
  const { broker, sockets, silence } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { silenceMs: 20, patienceMs: 200 })
  await kafka.append([RECORD])
  server?.on('connection', silence)
  silence()

  await expect(kafka.append([RECORD])).rejects.toMatchObject({ code: 'unavailable' })

  await areClosed(sockets)
})

test('connections are replaced when they have lasted, and what is under way on them is done first', async () => {
  let now = 0
  const { broker, sockets } = await startBroker()
  const access = { brokers: [broker], clientId: 'test', lastsMs: 600_000 }
  const kafka = kafkaEventLog(access, { now: () => now })
  for (now = 0; now <= 600_000; now += 50_000) await kafka.append([RECORD])
  const first = [...sockets]
  const underWay = kafka.append([RECORD])
  now += 1

  const positions = await Promise.all([underWay, kafka.append([RECORD])])

  expect(positions.flat()).toHaveLength(2)
  await areClosed(first)
  expect(sockets.length).toBeGreaterThan(first.length)
})

test('a connection that is opened before the first write is the one that it uses', async () => {
  const { broker, sockets, silence } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { silenceMs: 50 })

  await kafka.open(['t'])
  const opened = sockets.length
  await kafka.append([RECORD])

  expect(sockets).toHaveLength(opened)
  silence()
  expect(await kafka.append([RECORD])).toHaveLength(1)
  await kafka.close()
  await areClosed(sockets)
})
