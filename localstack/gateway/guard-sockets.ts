import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { tooManyRequests } from '@hapi/boom'
import { type WebSocket, WebSocketServer } from 'ws'

/** API Gateway closes a connection that sends a larger message, with code 1009. */
const LARGEST_MESSAGE = 128 * 1024
/** Bytes that may wait for a client that does not read before a post to it is answered 429, as the gateway does. */
const BUFFERED_BYTES = 1024 * 1024

/**
 * Gives the sockets of serverless-offline what API Gateway has and it lacks: a limit on messages, 429 for a client
 * whose buffer is full, and that a frame which breaks the protocol closes its own connection instead of the process.
 */
export function guardSockets(): void {
  const upgrade = WebSocketServer.prototype.handleUpgrade
  WebSocketServer.prototype.handleUpgrade = function (
    this: WebSocketServer,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (client: WebSocket, request: IncomingMessage) => void,
  ) {
    this.options.maxPayload = LARGEST_MESSAGE
    upgrade.call(this, request, socket, head, (client: WebSocket, upgraded: IncomingMessage) => {
      guard(client)
      done(client, upgraded)
    })
  }
}

function guard(client: WebSocket): void {
  client.on('error', () => client.terminate())
  const send = client.send.bind(client) as (data: string) => void
  client.send = (data: unknown) => {
    if (client.bufferedAmount > BUFFERED_BYTES) throw tooManyRequests('the client does not read')
    send(data as string)
  }
}
