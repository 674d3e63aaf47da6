import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { CONTENT_TYPES, cacheControl } from '../../infra/page/page-files.ts'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import { createTrustingServer, type Trust } from '../trusted-requests.ts'

const compress = promisify(gzip)

const TEXTS = /^text|json$|svg/

type Options = {
  /** The folder of the built app. */
  readonly folder: string
  readonly port: number
  /** Other documents in JSON, by path. */
  readonly documents: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly trust: Trust
}
type File = { readonly type: string; readonly bytes: Buffer; readonly zipped: Buffer | null }

/**
 * Serves a built single-page app as a CDN does: compressed, with unlimited caching of the hashed assets, and with
 * `index.html` for every path that is not a file. Rejects if the port is in use.
 */
export async function serveFiles({ folder, port, documents, headers, trust }: Options) {
  const cache = new Map<string, Promise<File | null>>()
  const find = (path: string) => {
    const known = cache.get(path) ?? readFileOf(folder, path)
    cache.set(path, known)
    return known
  }
  async function respond(request: IncomingMessage, response: ServerResponse) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const path = pathOf(request)
    if (request.method !== 'GET' && request.method !== 'HEAD') return response.writeHead(405).end()
    const document = documents[path]
    if (document !== undefined)
      return response
        .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(document)
    const isAsset = path.startsWith('/assets/')
    const file = (await find(path)) ?? (isAsset ? null : await find('/index.html'))
    if (file === null)
      return response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.\n')
    return send(request, response, file, cacheControl(path.slice(1)))
  }
  const server = createTrustingServer(trust, (request, response) => {
    respond(request, response).catch(() => response.writableEnded || response.writeHead(500).end())
  })
  await listenOnLoopback(server, port)
  return {
    endpoint: `http://localhost:${port}`,
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  try {
    return normalize(decodeURIComponent(new URL(url, 'http://local').pathname))
  } catch {
    return '/'
  }
}

async function readFileOf(folder: string, path: string): Promise<File | null> {
  const type = CONTENT_TYPES[extname(path)]
  if (type === undefined || path.includes('..')) return null
  const bytes = await readFile(join(folder, path)).catch(() => null)
  if (bytes === null) return null
  return { type, bytes, zipped: TEXTS.test(type) ? await compress(bytes) : null }
}

function send({ headers, method }: IncomingMessage, response: ServerResponse, file: File, caching: string) {
  const sendsZipped = file.zipped !== null && /\bgzip\b/.test(String(headers['accept-encoding']))
  const body = sendsZipped && file.zipped ? file.zipped : file.bytes
  response.writeHead(200, {
    'content-type': file.type,
    'content-length': body.length,
    'cache-control': caching,
    vary: 'accept-encoding',
    ...(sendsZipped && { 'content-encoding': 'gzip' }),
  })
  response.end(method === 'HEAD' ? undefined : body)
}
