import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type AccessCheck, ALLOW_ALL } from '../access/access-check.ts'
import { accessKeyIn } from '../access/caller.ts'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import { readBody } from '../read-body.ts'
import type { Running } from '../start-worker.ts'
import { createTrustingServer, NO_PAGES } from '../trusted-requests.ts'
import { DynamoError } from './dynamo-error.ts'
import { accessProblem, askedItems } from './operations/asked-items.ts'
import { isRecord } from './operations/request.ts'
import { runOperation } from './operations/run-operation.ts'
import { openTables, type Tables } from './storage/open-tables.ts'
import { sweepExpired } from './sweep-expired.ts'

const TARGET = /^DynamoDB_20120810\.(\w+)$/
const MAX_BODY_BYTES = 16 * 1024 * 1024

type StartDynamodb = {
  /** 0 is any free port. */
  readonly port: number
  /** The folder of the tables, or null to keep them in memory. */
  readonly dataDir: string | null
  readonly log: (line: string) => void
  /** Names that it is called by, besides those of loopback. */
  readonly allowedHosts?: readonly string[]
  /** Returns what judges the requests of functions. It is asked for with each request. */
  readonly access?: () => AccessCheck
}

/**
 * Starts the DynamoDB of the local stack in this thread: DynamoDB's JSON protocol over HTTP, on loopback. Signatures
 * are not checked, so no web page may use it. Rejects if the port or the data folder is in use.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
 */
export async function startDynamodb({
  port,
  dataDir,
  log,
  allowedHosts = [],
  access = () => ALLOW_ALL,
}: StartDynamodb): Promise<Running> {
  const tables = openTables(dataDir === null ? ':memory:' : join(dataDir, 'tables.sqlite'))
  const server = createTrustingServer({ ...NO_PAGES, hosts: allowedHosts }, (request, response) => {
    // Only a request that its sender has cut cannot be read.
    respond(request, response, { tables, log, access }).catch(() => response.destroy())
  })
  // A client that uses a connection at the moment at which the server closes it gets an error.
  server.keepAliveTimeout = 0
  try {
    await listenOnLoopback(server, port)
  } catch (error) {
    tables.close()
    throw error
  }
  const stopSweep = sweepExpired(tables)
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        stopSweep()
        server.close(() => {
          tables.close()
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

type Context = {
  readonly tables: Tables
  readonly log: (line: string) => void
  readonly access: () => AccessCheck
}

async function respond(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const body = await readBody(request, MAX_BODY_BYTES)
  if (request.method !== 'POST') return send(response, 404, '{}')
  if (body === null)
    return send(response, 413, new DynamoError('ValidationException', 'Request is too large').toBody())
  const [, operation = ''] = TARGET.exec(String(request.headers['x-amz-target'])) ?? []
  try {
    const input = parseBody(body)
    const accessKey = accessKeyIn(request.headers.authorization)
    const problem = accessProblem(askedItems(context.tables, operation, input), accessKey, context.access())
    if (problem !== null) throw new DynamoError('AccessDeniedException', problem)
    send(response, 200, runOperation(context.tables, operation, input))
  } catch (error) {
    const known = error instanceof DynamoError ? error : internalError(error, operation, context)
    send(response, known.status, known.toBody())
  }
}

function parseBody(body: Buffer) {
  try {
    const input: unknown = JSON.parse(body.toString())
    if (isRecord(input)) return input
  } catch {
    // The same error as for what is JSON and no object.
  }
  throw new DynamoError('SerializationException', 'The request is not a JSON object')
}

function internalError(error: unknown, operation: string, { log }: Context): DynamoError {
  log(`DynamoDB: ${operation} failed: ${error instanceof Error ? error.stack : error}`)
  return new DynamoError('InternalServerError', 'Internal server error')
}

function send(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(json),
    'x-amzn-requestid': randomUUID(),
    'x-amz-crc32': crc32(json),
  })
  // Node sends a text and the headers with one write, a buffer with two.
  response.end(json)
}
