import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { produceApi } from '../apis/produce.ts'
import { createTopicsApi } from '../apis/topics.ts'
import { createFrameSplitter } from '../server.ts'
import { type Broker, type BrokerOptions, startBroker } from '../start-broker.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { temporaryDirectory } from './temporary-directory.ts'

type Codecs<Q, S> = {
  key: number
  request: { write(writer: Writer, value: Q): void }
  response: { read(reader: Reader): S }
}

/** A broker on any free port, stopped after the current test. */
export async function startTestBroker(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = await startBroker({ port: 0, dataDir: temporaryDirectory(), ...options })
  onTestFinished(() => broker.stop())
  return broker
}

/** A raw connection, closed after the current test. */
export async function connectTo(broker: Broker): Promise<WireClient> {
  const client = await connectRaw(broker.endpoint)
  onTestFinished(client.close)
  return client
}

/** Sends one request in a version before flexible ones. */
export function send<Q, S>(
  client: WireClient,
  api: Codecs<Q, S>,
  version: number,
  request: NoInfer<Q>,
): void {
  const writer = new Writer({ version, flexible: false })
  api.request.write(writer, request)
  client.send(frame(api.key, version, 1, Buffer.concat(writer.finish())))
}

export async function receive<Q, S>(client: WireClient, api: Codecs<Q, S>, version: number): Promise<S> {
  const response = (await client.next()) ?? Buffer.alloc(0)
  return api.response.read(new Reader(response, { version, flexible: false }, 4))
}

export async function call<Q, S>(
  client: WireClient,
  api: Codecs<Q, S>,
  version: number,
  request: NoInfer<Q>,
): Promise<S> {
  send(client, api, version, request)
  return receive(client, api, version)
}

/** Creates the topic `t`, with one partition. */
export const createTopic = (client: WireClient, configs: Readonly<Record<string, string>> = {}) =>
  call(client, createTopicsApi, 4, {
    topics: [
      {
        name: 't',
        partitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
      },
    ],
    timeoutMs: 1_000,
    validateOnly: false,
  })

/** Produces to partition 0 of the topic `t` and returns the result of the partition. */
export async function produce(
  client: WireClient,
  records: Buffer,
  changes: { acks?: number; transactionalId?: string } = {},
) {
  const response = await call(client, produceApi, 7, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 1_000,
    topics: [{ name: 't', partitions: [{ index: 0, records }] }],
    ...changes,
  })
  return response.topics[0]?.partitions[0]
}

type WireClient = {
  send(bytes: Buffer): void
  /** The next response, without its size; undefined when the broker closes the connection. */
  next(): Promise<Buffer | undefined>
  close(): void
}

/** A TCP client that sends raw bytes, for what well-behaved clients never send. */
async function connectRaw(endpoint: string): Promise<WireClient> {
  const [host = '', port = ''] = endpoint.split(':')
  const socket = connect(Number(port), host)
  const split = createFrameSplitter({ min: 4, max: 10_000_000 })
  const received: Buffer[] = []
  let wake = (): void => {}
  socket.on('data', (chunk) => {
    received.push(...split(chunk))
    wake()
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => wake())
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    send: (bytes) => void socket.write(bytes),
    async next() {
      while (received.length === 0 && !socket.closed) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return received.shift()
    },
    close: () => socket.destroy(),
  }
}

/** A request with its size and version 1 of its header. */
export function frame(key: number, version: number, correlationId: number, body: Buffer): Buffer {
  const header = Buffer.alloc(14)
  header.writeInt32BE(10 + body.length, 0)
  header.writeInt16BE(key, 4)
  header.writeInt16BE(version, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(-1, 12)
  return Buffer.concat([header, body])
}
