import type { WriteWatch } from '../../trouble/watch-writes.ts'
import type { Coordinator } from '../groups/coordinator.ts'
import type { OffsetStore } from '../storage/offset-store.ts'
import type { TopicStore } from '../storage/topic-store.ts'
import { arrayOf, int16, int32, nullableString, since, skipTaggedFields, string } from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { defineApi, type RequestContext, type Route, route } from './api.ts'
import type { BrokerConfig } from './broker-configs.ts'
import { type BrokerNode, clusterRoutes } from './cluster.ts'
import { configRoutes } from './configs.ts'
import { describeLogDirsRoute } from './describe-log-dirs.ts'
import { describeQuorumRoute } from './describe-quorum.ts'
import { fetchRoute } from './fetch.ts'
import { groupRoutes } from './groups.ts'
import { listOffsetsRoutes } from './list-offsets.ts'
import { membershipRoutes } from './membership.ts'
import { offsetRoutes } from './offsets.ts'
import { produceApi, produceRoutes } from './produce.ts'
import { topicRoutes } from './topics.ts'

/** What the APIs read and change. */
type BrokerParts = {
  node: BrokerNode
  clusterId: string
  topics: TopicStore
  offsets: OffsetStore
  coordinator: Coordinator
  nextProducerId(): number
  defaultPartitions: number
  configs: readonly BrokerConfig[]
  dataDir: string
  /** Says that the disk is full, and that it is not any more. */
  disk: WriteWatch
  log(line: string): void
}

/** Where a request comes from. */
export type Peer = Pick<RequestContext, 'clientHost' | 'signal'>

// Request header v1 => request_api_key INT16, request_api_version INT16, correlation_id INT32, client_id NULLABLE_STRING
// Request header v2 => the same, tagged fields
// Response header v0 => correlation_id INT32                    v1 => the same, tagged fields

/**
 * Binds every API to the parts of a broker. The returned function handles one request. It resolves to the whole
 * response, including its size, as buffers for a gathering write, or to null if there is no response.
 * It rejects if the request is malformed.
 */
export function createDispatch(broker: BrokerParts): (frame: Buffer, peer: Peer) => Promise<Buffer[] | null> {
  const byKey = new Map(routesOf(broker).map((route) => [route.key, route]))

  return async (frame, peer) => {
    const header = new Reader(frame, { version: 1, flexible: false })
    const key = header.int16()
    const version = header.int16()
    const correlationId = header.int32()
    const route = byKey.get(key)
    if (!route || version < route.versions[0] || version > route.versions[1]) {
      const isApiVersions = route !== undefined && key === apiVersionsApi.key
      return isApiVersions ? oldestApiVersions(route, correlationId, peer) : unsupported(correlationId)
    }
    const clientId = nullableString.read(header) ?? ''
    const flexible = version >= route.flexibleFrom
    const body = new Reader(frame, { version, flexible }, header.position)
    if (flexible) skipTaggedFields(body)
    const response = await route.run(body, { ...peer, version, clientId })
    // A response of ApiVersions always has header v0, because the client does not know the broker's versions yet.
    return response && withHeader(correlationId, response, flexible && key !== apiVersionsApi.key)
  }
}

function withHeader(correlationId: number, body: Writer, tagged: boolean): Buffer[] {
  const header = new Writer({ version: 0, flexible: false })
  header.int32(4 + (tagged ? 1 : 0) + body.length)
  header.int32(correlationId)
  if (tagged) header.uvarint(0)
  return [...header.finish(), ...body.finish()]
}

function routesOf(broker: BrokerParts): Route[] {
  const { topics, coordinator } = broker
  const routes = [
    ...produceRoutes(broker),
    fetchRoute(topics),
    ...listOffsetsRoutes(broker),
    ...clusterRoutes(broker),
    ...offsetRoutes(broker),
    ...membershipRoutes(coordinator),
    ...groupRoutes(broker),
    ...topicRoutes(broker),
    ...configRoutes(topics, { ...broker, nodeId: broker.node.nodeId }),
    describeLogDirsRoute(topics, broker.dataDir),
    describeQuorumRoute(broker.node),
  ]
  return [...routes, apiVersionsRoute(routes)]
}

// ApiVersions Request  => client_software_name client_software_version
// ApiVersions Response => error_code [api_key min_version max_version] throttle_time_ms
export const apiVersionsApi = defineApi(
  { key: 18, name: 'ApiVersions', versions: [0, 4], flexibleFrom: 3 },
  { softwareName: since(3, string, ''), softwareVersion: since(3, string, '') },
  {
    errorCode: int16,
    apis: arrayOf({ key: int16, min: int16, max: int16 }),
    throttleTimeMs: since(1, int32, 0),
  },
)

/** Lists the given routes and ApiVersions itself. */
function apiVersionsRoute(routes: readonly Route[]): Route {
  const apis = [...routes, apiVersionsApi].map(({ key, versions: [min, max] }) => ({
    key,
    // librdkafka assumes that a broker has no compression unless it lists Produce v0 (KAFKA-18659).
    min: key === produceApi.key ? 0 : min,
    max,
  }))
  return route(apiVersionsApi, () => ({ errorCode: errorCodes.NONE, apis }))
}

/** KIP-511: the response to a version of ApiVersions that is too new has version 0, an error and the list. */
async function oldestApiVersions(route: Route, correlationId: number, peer: Peer): Promise<Buffer[] | null> {
  const wire = { version: 0, flexible: false }
  const writer = await route.run(new Reader(Buffer.alloc(0), wire), { ...peer, version: 0, clientId: '' })
  const [head, ...rest] = writer?.finish() ?? []
  if (!head) return null
  head.writeInt16BE(errorCodes.UNSUPPORTED_VERSION, 0)
  const body = new Writer(wire)
  for (const part of [head, ...rest]) body.bytes(part)
  return withHeader(correlationId, body, false)
}

/** The response to an unknown API or version. Its grammar is unknown, but every response starts with an error code. */
function unsupported(correlationId: number): Buffer[] {
  const body = new Writer({ version: 0, flexible: false })
  body.int16(errorCodes.UNSUPPORTED_VERSION)
  return withHeader(correlationId, body, false)
}
