import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { tooManyRequests } from '@hapi/boom'
import { type WebSocket, WebSocketServer } from 'ws'

/** The maximum size of a message. API Gateway closes a connection that sends a larger one, with code 1009. */
const MESSAGE_BYTES = 128 * 1024
/** The maximum of bytes that wait for a client. Beyond it a post gets a 429, as from the gateway. */
const BUFFERED_BYTES = 1024 * 1024

/**
 * Adds to the sockets of serverless-offline what API Gateway has: a maximum size of messages, and a 429 for a client
 * whose buffer is full. A frame that breaks the protocol closes its own connection instead of ending the process.
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
    this.options.maxPayload = MESSAGE_BYTES
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

/**
 * Keeps serverless-offline from printing every route twice, which it does at every log level.
 * Returns the function that restores `console.log`.
 */
export function muteRouteList(): () => void {
  const { log } = console
  console.log = (...args: unknown[]) => {
    if (!String(args[0]).includes('/2015-03-31/functions/')) log(...args)
  }
  return () => {
    console.log = log
  }
}
