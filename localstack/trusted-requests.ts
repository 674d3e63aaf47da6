import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'

/**
 * Who may use a server of the local stack. That it listens on loopback keeps other machines out, but every web page that
 * the developer opens runs on this machine.
 */
export type Trust = {
  /** Names that the server is called by, besides those of loopback: a tunnel's, for example. */
  readonly hosts: readonly string[]
  /** The origins of the web pages that may use it. */
  readonly origins: readonly string[]
}

/** What no page has to do with, such as the tables. */
export const NO_PAGES: Trust = { hosts: [], origins: [] }

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** The origins of a page that is served from a port of loopback. */
export function loopbackOrigins(port: number): readonly string[] {
  return LOOPBACK.map((host) => `http://${host}:${port}`)
}

/**
 * Returns why a request is refused, or null.
 * - A page whose own name was made to point to loopback (DNS rebinding) has that name as its `Host`. The port does not
 *   matter: what a developer puts in front, such as a proxy or a tunnel of ssh, has another one.
 * - Browsers send `Origin` with every request that another origin can read, with every WebSocket, and with every request
 *   but GET and HEAD. Tools have none.
 * - What is left are requests whose response the page cannot read, such as the source of an image. Browsers say of these
 *   in `Sec-Fetch-Site` where they come from. An address that the developer opens or follows to is let in.
 * https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
 */
export function requestProblem(
  { headers, method }: Pick<IncomingMessage, 'headers' | 'method'>,
  { hosts, origins }: Trust,
): string | null {
  const { host, origin } = headers
  if (host !== undefined) {
    const name = host.replace(/:\d+$/, '').toLowerCase()
    if (!LOOPBACK.includes(name) && !hosts.includes(name))
      return `${JSON.stringify(name)} is not a name of this stack; ALLOWED_HOSTS adds one (docs/local-stack.md).`
  }
  if (origin !== undefined)
    return origins.includes(origin)
      ? null
      : `Pages of ${JSON.stringify(origin)} may not use this; ALLOWED_ORIGINS adds an origin (docs/local-stack.md).`
  const site = headers['sec-fetch-site'] ?? 'none'
  const isFollowed = method === 'GET' && headers['sec-fetch-dest'] === 'document'
  if (site === 'none' || site === 'same-origin' || isFollowed) return null
  return 'Pages of other origins may not use this (docs/local-stack.md).'
}

/**
 * How long a client may take, in milliseconds: for the headers, and for the whole request. Later it gets 408, as a client
 * of a gateway does. A browser that opens a connection before it needs one is such a client, and tries again.
 */
export type Patience = {
  readonly headersTimeout: number
  readonly requestTimeout: number
  /** How often it is looked for. */
  readonly connectionsCheckingInterval: number
}
const PATIENCE: Patience = {
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
}

/** Creates an HTTP server that refuses with 403 what it does not trust. Upgrades are the caller's own business. */
export function createTrustingServer(
  trust: Trust,
  respond: RequestListener,
  patience: Patience = PATIENCE,
): Server {
  return createServer({ ...patience }, (request, response) => {
    const problem = requestProblem(request, trust)
    if (problem === null) return respond(request, response)
    request.resume()
    response
      .writeHead(403, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' })
      .end(JSON.stringify({ message: problem }))
  })
}
