import { Buffer } from 'node:buffer'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** What a test sees of the broker, and does to it. */
export type RecordingBroker = {
  /** `host:port` */
  readonly broker: string
  /** The acknowledgements that writes asked for. */
  readonly acks: readonly number[]
  /** The API keys of all requests. */
  readonly requests: readonly number[]
  /** The connections in the order in which they were opened. */
  readonly sockets: readonly Socket[]
  /** From then on the connections that are open get no response, and stay open. */
  silence(): void
  /** The same for those that are opened later. */
  silenceNew(): void
  stop(): void
}

const TOPIC = 't'
export const API = { produce: 0, metadata: 3, versions: 18 } as const
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
    return Buffer.concat([list(broker), list(Buffer.concat([int16(0), text(TOPIC), list(partition)]))])
  }
  const partition = Buffer.concat([int32(0), int16(0), int64(7), int64(-1)])
  return Buffer.concat([list(Buffer.concat([text(TOPIC), list(partition)])), int32(0)])
}

/** Starts a broker that has the topic `t` with one partition, takes every write, and gives it the offset 7. */
export async function startRecordingBroker(): Promise<RecordingBroker> {
  const acks: number[] = []
  const requests: number[] = []
  const sockets: Socket[] = []
  const silent = new Set<Socket>()
  let isSilent = false
  const serve = (socket: Socket) => {
    sockets.push(socket)
    if (isSilent) silent.add(socket)
    let received = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const request = received.subarray(4, 4 + received.readInt32BE(0))
        received = received.subarray(4 + request.length)
        const api = request.readInt16BE(0)
        requests.push(api)
        const client = request.readInt16BE(8)
        const noTransaction = 2
        if (api === API.produce) acks.push(request.readInt16BE(10 + client + noTransaction))
        if (silent.has(socket)) continue
        const response = Buffer.concat([request.subarray(4, 8), bodyOf(api, port)])
        socket.write(Buffer.concat([int32(response.length), response]))
      }
    })
  }
  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    broker: `127.0.0.1:${port}`,
    acks,
    requests,
    sockets,
    silence() {
      for (const socket of sockets) silent.add(socket)
    },
    silenceNew() {
      isSilent = true
    },
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
