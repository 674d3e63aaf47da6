import { Buffer } from 'node:buffer'
import type { APIGatewayProxyEventV2, Context, MSKEvent, MSKRecord } from 'aws-lambda'
import type { CloudEvent } from '#shared/core/event.ts'

/** Returns a request of an HTTP API (payload 2.0). A `body` of bytes is base64, and one that is no text is sent as JSON. */
export function makeHttpEvent(
  method: string,
  path: string,
  more: {
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: unknown
    readonly pathParameters?: Readonly<Record<string, string>>
    readonly query?: Readonly<Record<string, string>>
  } = {},
): APIGatewayProxyEventV2 {
  const { headers = {}, body, pathParameters = {}, query = {} } = more
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: new URLSearchParams(query).toString(),
    headers: { 'content-type': 'application/json', ...headers },
    queryStringParameters: query,
    pathParameters,
    requestContext: { requestId: 'request-1', http: { method, path, sourceIp: '203.0.113.7' } },
    isBase64Encoded: body instanceof Uint8Array,
    ...(body !== undefined && { body: bodyOf(body) }),
  }
  // Members of the gateway that no function reads are omitted.
  return event as unknown as APIGatewayProxyEventV2
}

function bodyOf(body: unknown): string {
  if (body instanceof Uint8Array) return Buffer.from(body).toString('base64')
  return typeof body === 'string' ? body : JSON.stringify(body)
}

/** Returns the MSK trigger's event for events of one partition, in structured mode, starting at offset 0. */
export function makeMskEvent(topic: string, events: readonly CloudEvent[], partition = 0): MSKEvent {
  const records = events.map(
    (event, offset): MSKRecord => ({
      topic,
      partition,
      offset,
      timestamp: 1000 + offset,
      timestampType: 'CREATE_TIME',
      key: Buffer.from(event.partitionkey ?? event.id).toString('base64'),
      value: Buffer.from(JSON.stringify(event)).toString('base64'),
      headers: [{ 'content-type': [...Buffer.from('application/cloudevents+json')] }],
    }),
  )
  return {
    eventSource: 'aws:kafka',
    eventSourceArn: 'arn:aws:kafka:eu-central-1:000000000000:cluster/tests/0',
    bootstrapServers: 'localhost:9092',
    records: { [`${topic}-${partition}`]: records },
  }
}

/** Returns the context of an invocation that has `remainingMs` left. */
export function makeContext(remainingMs: number, functionName = 'tidewire-tests-function'): Context {
  const context = { functionName, getRemainingTimeInMillis: () => remainingMs, awsRequestId: 'request-1' }
  return context as unknown as Context // members that no function reads are omitted
}
