import { connect } from 'node:net'
import { patientTimeout } from '../patient-timeout.ts'
import { findCoordinatorApi, metadataApi } from './apis/cluster.ts'
import { describeConfigsApi, incrementalAlterConfigsApi } from './apis/configs.ts'
import { fetchApi } from './apis/fetch.ts'
import { listOffsetsApi } from './apis/list-offsets.ts'
import { heartbeatApi, joinGroupApi, leaveGroupApi, syncGroupApi } from './apis/membership.ts'
import { offsetCommitApi, offsetFetchApi } from './apis/offsets.ts'
import { createFrameSplitter } from './server.ts'
import {
  array,
  arrayOf,
  type Codec,
  int16,
  int32,
  nullableBytes,
  nullableString,
  string,
  struct,
} from './wire/codec.ts'
import { Reader } from './wire/reader.ts'
import { Writer } from './wire/writer.ts'

/**
 * The APIs of a consumer, each in one version without compact fields, which Apache Kafka has had since 2.3 and still
 * has in 4: so that the client need not ask for the versions of the broker.
 */
export const consumerApis = {
  metadata: { ...metadataApi, version: 5 },
  findCoordinator: { ...findCoordinatorApi, version: 2 },
  joinGroup: { ...joinGroupApi, version: 5 },
  syncGroup: { ...syncGroupApi, version: 2 },
  heartbeat: { ...heartbeatApi, version: 2 },
  leaveGroup: { ...leaveGroupApi, version: 2 },
  offsetFetch: { ...offsetFetchApi, version: 5 },
  offsetCommit: { ...offsetCommitApi, version: 5 },
  listOffsets: { ...listOffsetsApi, version: 3 },
  fetch: { ...fetchApi, version: 11 },
}

/** The APIs of the configs of topics, which Apache Kafka has had since 2.3 in these versions. */
export const adminApis = {
  describeConfigs: { ...describeConfigsApi, version: 1 },
  incrementalAlterConfigs: { ...incrementalAlterConfigsApi, version: 0 },
}

/**
 * What the members of a consumer group send each other through the coordinator.
 * @see https://github.com/apache/kafka/tree/trunk/clients/src/main/resources/common/message
 */
export const messages = {
  subscription: struct({ version: int16, topics: array(string), userData: nullableBytes }),
  assignment: struct({
    version: int16,
    topics: arrayOf({ name: string, partitions: array(int32) }),
    userData: nullableBytes,
  }),
}

const PLAIN = { version: 0, flexible: false }

export function encodeMessage<W>(codec: Codec<unknown, W>, value: NoInfer<W>): Buffer {
  const writer = new Writer(PLAIN)
  codec.write(writer, value)
  return Buffer.concat(writer.finish())
}

/** Throws MalformedRequestError if the bytes are too few. */
export function decodeMessage<R>(codec: Codec<R, never>, bytes: Buffer): R {
  return codec.read(new Reader(bytes, PLAIN))
}

type ClientApi<Q, S> = {
  key: number
  name: string
  version: number
  request: { write(writer: Writer, value: Q): void }
  response: { read(reader: Reader): S }
}

/** A connection of a client to one broker. */
export type BrokerConnection = {
  /**
   * Sends a request and resolves with its response. A broker handles the requests of a connection one after the other.
   * Rejects if the connection is lost, or closes it and rejects if there is no response within `timeoutMs`.
   */
  call<Q, S>(api: ClientApi<Q, S>, request: NoInfer<Q>, timeoutMs?: number): Promise<S>
  /** Rejects what waits for a response. */
  close(): void
}

/** A broker cannot be reached, does not respond, or has closed the connection. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

const CONNECT_TIMEOUT_MS = 3_000
const RESPONSE_TIMEOUT_MS = 10_000
/** A record may have any size up to the topic's `max.message.bytes`. */
const RESPONSE_BYTES = { min: 4, max: 1024 * 1024 * 1024 }

/** Connects to the first of the brokers that can be reached. Rejects with the reason of the last one. */
export async function connectToAny(brokers: readonly string[], clientId: string): Promise<BrokerConnection> {
  let reason: unknown = new Error('no brokers are given')
  for (const broker of brokers) {
    try {
      return await connectToBroker(broker, clientId)
    } catch (error) {
      reason = error
    }
  }
  throw reason
}

/** Connects to the broker at `address`, as `host:port`. Rejects if it cannot be reached. */
export async function connectToBroker(address: string, clientId: string): Promise<BrokerConnection> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  const socket = connect({ host, port: Number(port), noDelay: true })
  const waiting = createWaitingList()
  const fail = (reason: string): void => {
    waiting.reject(new ConnectionError(reason))
    socket.destroy()
  }
  const split = createFrameSplitter(RESPONSE_BYTES)
  socket.on('data', (chunk) => {
    try {
      for (const frame of split(chunk)) waiting.resolveNext(frame)
    } catch (error) {
      fail(`${address} sent what is no response: ${error}`)
    }
  })
  socket.on('close', () => fail(`${address} closed the connection`))
  await new Promise<void>((resolve, reject) => {
    const give = (reason: string): void => {
      fail(reason)
      reject(new ConnectionError(reason))
    }
    const timer = setTimeout(
      () => give(`${address} did not accept a connection within ${CONNECT_TIMEOUT_MS} ms`),
      CONNECT_TIMEOUT_MS,
    )
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.on('error', (error) => {
      clearTimeout(timer)
      give(`${address} is not reachable: ${'code' in error ? error.code : error.message}`)
    })
  })

  let sent = 0
  return {
    call(api, request, timeoutMs = RESPONSE_TIMEOUT_MS) {
      const correlationId = sent++ & 0x7fff_ffff
      const response = waiting.add(correlationId, timeoutMs, () =>
        fail(`${address} did not respond to ${api.name} within ${timeoutMs} ms`),
      )
      if (!socket.destroyed) {
        socket.cork()
        for (const part of encodeRequest(api, request, { correlationId, clientId })) socket.write(part)
        socket.uncork()
      }
      return response.then((frame) =>
        api.response.read(new Reader(frame, { version: api.version, flexible: false }, 4)),
      )
    },
    close: () => fail(`the connection to ${address} was closed`),
  }
}

// Request  => size INT32 · api_key INT16 · api_version INT16 · correlation_id INT32 · client_id NULLABLE_STRING · body
// Response => size INT32 · correlation_id INT32 · body
function encodeRequest<Q, S>(
  { key, version, request: codec }: ClientApi<Q, S>,
  request: Q,
  { correlationId, clientId }: { correlationId: number; clientId: string },
): Buffer[] {
  const body = new Writer({ version, flexible: false })
  body.int16(key)
  body.int16(version)
  body.int32(correlationId)
  nullableString.write(body, clientId)
  codec.write(body, request)
  const size = new Writer({ version, flexible: false })
  size.int32(body.length)
  return [...size.finish(), ...body.finish()]
}

type Waiting = {
  correlationId: number
  resolve(frame: Buffer): void
  reject(error: Error): void
  cancel(): void
}

/** The requests that wait for their responses, which come in the order of the requests. */
function createWaitingList() {
  const waiting: Waiting[] = []
  let failure: Error | undefined
  return {
    add(correlationId: number, timeoutMs: number, onTimeout: () => void): Promise<Buffer> {
      if (failure) return Promise.reject(failure)
      return new Promise((resolve, reject) => {
        waiting.push({ correlationId, resolve, reject, cancel: patientTimeout(onTimeout, timeoutMs) })
      })
    },
    /** Throws if the response is not that of the oldest request. */
    resolveNext(frame: Buffer): void {
      const [first] = waiting
      if (first?.correlationId !== frame.readInt32BE(0)) throw new Error('a response without its request')
      waiting.shift()
      first.cancel()
      first.resolve(frame)
    },
    reject(error: Error): void {
      failure ??= error
      for (const { cancel, reject } of waiting.splice(0)) {
        cancel()
        reject(failure)
      }
    },
  }
}
