import { hash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse }

export type S3 = {
  readonly endpoint: string
  /** How each request was made, in order: its method, path and query. */
  readonly asked: readonly string[]
  /** Lets the next request be handled by this instead, after S3 did what it asks for, or before. */
  intercept(when: 'before' | 'after', handle: (exchange: Exchange) => void): void
  stop(): Promise<void>
}

/**
 * Starts what a bucket of S3 is to the archive: objects with entity tags, conditional writes, lists in pages.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export async function startS3(): Promise<S3> {
  const objects = new Map<string, Buffer>()
  const asked: string[] = []
  const interceptions: { when: 'before' | 'after'; handle: (exchange: Exchange) => void }[] = []
  const tagOf = (bytes: Buffer) => `"${hash('md5', bytes)}"`

  function put(path: string, bytes: Buffer, { headers }: IncomingMessage): number {
    const known = objects.get(path)
    if (headers['if-none-match'] === '*' && known) return 412
    if (headers['if-match'] !== undefined && !known) return 404
    if (headers['if-match'] !== undefined && known && headers['if-match'] !== tagOf(known)) return 412
    objects.set(path, bytes)
    return 200
  }
  function list(bucket: string, query: URLSearchParams): string {
    const [prefix, after] = [query.get('prefix') ?? '', query.get('start-after') ?? '']
    const keys = [...objects.keys()].sort().flatMap((path) => {
      const key = path.slice(bucket.length)
      return path.startsWith(bucket) && key.startsWith(prefix) && key > after ? [key] : []
    })
    const page = keys.slice(0, Number(query.get('max-keys') ?? 1000))
    const contents = page.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('')
    return `<?xml version="1.0"?><ListBucketResult><Name>b</Name>${contents}</ListBucketResult>`
  }
  function respond({ request, response }: Exchange, url: URL, bytes: Buffer): void {
    const isSigned = /^AWS4-HMAC-SHA256 Credential=\S+\/s3\/aws4_request, /.test(
      request.headers.authorization ?? '',
    )
    if (!isSigned || request.headers['x-amz-content-sha256'] !== hash('sha256', bytes))
      return void response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    if (request.method === 'PUT') {
      const status = put(url.pathname, bytes, request)
      return void response
        .writeHead(status)
        .end(status === 200 ? '' : '<Error><Code>PreconditionFailed</Code></Error>')
    }
    if (url.searchParams.has('list-type')) return void response.end(list(url.pathname, url.searchParams))
    const found = objects.get(url.pathname)
    if (found === undefined) return void response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
    response.writeHead(200, { etag: tagOf(found) }).end(found)
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost')
    asked.push(`${request.method} ${request.url}`)
    const bytes = await buffer(request)
    const next = interceptions.shift()
    if (next?.when === 'after' && request.method === 'PUT') put(url.pathname, bytes, request)
    if (next) return next.handle({ request, response })
    respond({ request, response }, url, bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    intercept: (when, handle) => void interceptions.push({ when, handle }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
