import type { RequestContext, Route } from '../handlers/route.ts'
import { skipTaggedFields } from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { nullableString } from '../wire/primitives.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'

const API_VERSIONS_KEY = 18

export type Peer = Pick<RequestContext, 'clientHost' | 'signal'>

// Request header v1 => request_api_key INT16, request_api_version INT16, correlation_id INT32, client_id NULLABLE_STRING
// Request header v2 => the same, tagged fields
// Response header v0 => correlation_id INT32                    v1 => the same, tagged fields

/**
 * Handles one request and returns the whole response, size included, as buffers for a gathering write;
 * null if the request has no response.
 */
export function createDispatch(
  routes: readonly Route[],
): (frame: Buffer, peer: Peer) => Promise<Buffer[] | null> {
  const byKey = new Map(routes.map((route) => [route.key, route]))

  return async (frame, peer) => {
    const header = new Reader(frame, { version: 1, flexible: false })
    const key = header.int16()
    const version = header.int16()
    const correlationId = header.int32()
    const route = byKey.get(key)
    if (!route || version < route.versions[0] || version > route.versions[1]) {
      const isApiVersions = route !== undefined && key === API_VERSIONS_KEY
      return isApiVersions ? oldestApiVersions(route, correlationId, peer) : unsupported(correlationId)
    }
    const clientId = nullableString.read(header) ?? ''
    const flexible = version >= route.flexibleFrom
    const body = new Reader(frame, { version, flexible }, header.position)
    if (flexible) skipTaggedFields(body)
    const response = await route.run(body, { ...peer, version, clientId })
    // ApiVersions always has the old response header, so that a client can read it before it knows anything.
    return response && withHeader(correlationId, response, flexible && key !== API_VERSIONS_KEY)
  }
}

/** KIP-511: a version of ApiVersions that is too new is answered as version 0, with an error and the list. */
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

/** An API or version that was never offered: all that can be said in a shape unknown to us is the error. */
function unsupported(correlationId: number): Buffer[] {
  const body = new Writer({ version: 0, flexible: false })
  body.int16(errorCodes.UNSUPPORTED_VERSION)
  return withHeader(correlationId, body, false)
}

function withHeader(correlationId: number, body: Writer, tagged: boolean): Buffer[] {
  const header = new Writer({ version: 0, flexible: false })
  header.int32(4 + (tagged ? 1 : 0) + body.length)
  header.int32(correlationId)
  if (tagged) header.uvarint(0)
  return [...header.finish(), ...body.finish()]
}
