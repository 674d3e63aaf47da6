import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type AccessCheck, ALLOW_ALL } from '../access/access-check.ts'
import { accessKeyIn } from '../access/caller.ts'
import { systemClock } from '../clock.ts'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import { readBody } from '../read-body.ts'
import type { Running } from '../start-worker.ts'
import { calmLog } from '../trouble/calm-log.ts'
import { isWriteFailure, reasonOf, type WriteWatch, watchWrites } from '../trouble/watch-writes.ts'
import { createTrustingServer, NO_PAGES } from '../trusted-requests.ts'
import { DynamoError } from './dynamo-error.ts'
import { accessProblem, askedItems } from './operations/asked-items.ts'
import { isRecord } from './operations/request.ts'
import { runOperation } from './operations/run-operation.ts'
import { isDamage, openTables, type Tables } from './storage/open-tables.ts'
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
  const file = dataDir === null ? ':memory:' : join(dataDir, 'tables.sqlite')
  const calm = calmLog((line) => log(`DynamoDB: ${line}`), systemClock.elapsed)
  const disk = watchWrites({
    folder: dataDir ?? file,
    consequence: 'writes are refused with InternalServerError until it can; what was written is kept',
    log: calm,
  })
  const tables = openOrExplain(file)
  const server = createTrustingServer({ ...NO_PAGES, hosts: allowedHosts }, (request, response) => {
    // Only a request that its sender has cut cannot be read.
    respond(request, response, { tables, file, log: calm, disk, access }).catch(() => response.destroy())
  })
  // A client that uses a connection at the moment at which the server closes it gets an error.
  server.keepAliveTimeout = 0
  try {
    await listenOnLoopback(server, port)
  } catch (error) {
    tables.close()
    throw error
  }
  const stopSweep = sweepExpired(tables, { onFailure: (error) => explain(error, { file, log: calm, disk }) })
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

function openOrExplain(file: string): Tables {
  try {
    return openTables(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') throw error
    const reason = reasonOf(error)
    throw new Error(`The tables in ${file} cannot be opened: ${reason}. Mend that and start again.`, {
      cause: error,
    })
  }
}

type Trouble = {
  readonly file: string
  readonly log: (line: string) => void
  readonly disk: WriteWatch
}

type Context = Trouble & {
  readonly tables: Tables
  readonly access: () => AccessCheck
}

/** The operations that change tables. */
const WRITES = /^(Batch|Transact)?(Write|Put|Update|Delete|Create)/

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
    const output = runOperation(context.tables, operation, input)
    if (WRITES.test(operation)) context.disk.succeeded()
    send(response, 200, output)
  } catch (error) {
    const known = error instanceof DynamoError ? error : new DynamoError(INTERNAL, explain(error, context))
    send(response, known.status, known.toBody())
  }
}

/** SDKs try it again. */
const INTERNAL = 'InternalServerError'

function parseBody(body: Buffer) {
  try {
    const input: unknown = JSON.parse(body.toString())
    if (isRecord(input)) return input
  } catch {
    // The same error as for what is JSON and no object.
  }
  throw new DynamoError('SerializationException', 'The request is not a JSON object')
}

/** Logs in words what is wrong with the disk, or what else went wrong, and returns it for the sender. */
function explain(error: unknown, { file, log, disk }: Trouble): string {
  if (isWriteFailure(error)) return `The local tables cannot be written: ${disk.failed(error)}`
  if (isDamage(error)) {
    log(`${file} is damaged; "npm start -- --fresh" deletes all local data`)
    return `The local tables are damaged: ${file}`
  }
  log(error instanceof Error ? `${error.stack}` : String(error))
  return 'Internal server error'
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
