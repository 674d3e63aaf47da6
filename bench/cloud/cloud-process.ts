import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

/** Responds like the management API and like DynamoDB, at once and on its own thread. */

const { key, cert } = workerData as { readonly key?: string; readonly cert?: string }

const item = (offset: number) => ({
  stream: { S: 'port-events@0mwpp4ybd0t:0' },
  offset: { N: String(offset) },
  timestamp: { N: '1790000000000' },
  expires: { N: '1790000000' },
  event: { S: JSON.stringify({ specversion: '1.0', id: `e${offset}`, data: { text: 'x'.repeat(300) } }) },
})
const items = Array.from({ length: 10 }, (_, offset) => item(offset))
const RESPONSES: Readonly<Record<string, string>> = {
  Query: JSON.stringify({ Count: 10, ScannedCount: 10, Items: items }),
  BatchGetItem: JSON.stringify({ Responses: { table: items }, UnprocessedKeys: {} }),
  BatchWriteItem: JSON.stringify({ UnprocessedItems: {} }),
}

function respond(request: IncomingMessage, response: ServerResponse): void {
  const [, operation = ''] = String(request.headers['x-amz-target']).split('.')
  const body = RESPONSES[operation] ?? '{}'
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': body.length })
    response.end(body)
  })
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const http = await listen(createServer(respond))
const https = key && cert ? await listen(createTlsServer({ key, cert }, respond)) : undefined
parentPort?.postMessage({ http, https })
