import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import { parseExactJson } from '#shared/core/json/exact-json.ts'

/** A response; `next` is given the number of earlier requests to the route, from 0. */
type Answer = {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
/** What each route responds, by method and path without its query, such as `GET /health`. */
export type Routes = Readonly<Record<string, Answer | ((earlier: number) => Answer)>>

export type Asked = {
  readonly route: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}
export type FakeApi = {
  readonly url: string
  /** Every request, in order. */
  readonly asked: readonly Asked[]
  readonly stop: () => Promise<void>
}

/**
 * Starts HTTP on loopback with these routes, and 404 for any other; sockets respond to each message with a pong, and are
 * refused with `hasSockets: false`. `GET /health` names the sockets unless there is a route for it.
 */
export async function startFakeApi(routes: Routes, { hasSockets = true } = {}): Promise<FakeApi> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const route = `${request.method} ${pathname}`
    const earlier = asked.filter((each) => each.route === route).length
    const sent = await text(request)
    const query = Object.fromEntries(searchParams)
    asked.push({ route, query, headers: request.headers, body: sent === '' ? null : parseExactJson(sent) })
    const socketUrl = `ws://${request.headers.host}`
    const given =
      routes[route] ?? (route === 'GET /health' ? { body: { status: 'ok', socketUrl } } : { status: 404 })
    const { status = 200, body = {}, headers = {} } = typeof given === 'function' ? given(earlier) : given
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (!hasSockets) return socket.destroy()
    return sockets.handleUpgrade(request, socket, head, (opened) =>
      opened.on('message', () => opened.send(JSON.stringify({ type: 'pong', time: '', behind: false }))),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
