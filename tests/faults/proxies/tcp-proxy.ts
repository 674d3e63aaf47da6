import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#shared/testing/random.ts'

type Pair = { readonly client: Socket; readonly server: Socket }

export type TcpProxy = {
  readonly port: number
  readonly open: () => number
  /** Destroys one connection, or keeps its server half open for a while. Returns false if it chose none. */
  cut(random: Random): boolean
  /** Forwards nothing of one connection for `ms`, without closing it. Returns false if it chose none. */
  stall(random: Random, ms: number): boolean
  /** Forwards nothing any more of the connections that are open now, as a network that forgot them. New ones it forwards. */
  forget(): void
  stop(): Promise<void>
}

/** How long the server keeps a connection open whose client is gone. */
const HALF_OPEN_MS = 3000

/** Forwards the TCP connections of `clients` clients on a free port of loopback to `target()`. */
export async function startTcpProxy(target: () => number, clients: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>()
  const server = createServer((client) => join(client, connect(target(), '127.0.0.1'), pairs))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  // One of `clients` seats, used or not. If only open ones were chosen, the few that are left would be cut repeatedly.
  const pickPair = (random: Random) => [...pairs][Math.floor(random.next() * Math.max(clients, pairs.size))]
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    open: () => pairs.size,
    cut(random) {
      const pair = pickPair(random)
      if (pair === undefined) return false
      if (random.chance(0.7)) destroy(pair, pairs)
      else loseClient(pair, pairs)
      return true
    },
    stall(random, ms) {
      const pair = pickPair(random)
      if (pair === undefined) return false
      void hold(pair, ms)
      return true
    },
    forget() {
      for (const pair of pairs) void hold(pair)
    },
    async stop() {
      for (const pair of pairs) destroy(pair, pairs)
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function join(client: Socket, server: Socket, pairs: Set<Pair>): void {
  const pair = { client, server }
  pairs.add(pair)
  client.pipe(server)
  server.pipe(client)
  for (const socket of [client, server]) {
    socket.setNoDelay(true)
    socket.on('error', () => destroy(pair, pairs))
    socket.on('close', () => destroy(pair, pairs))
  }
}

function destroy(pair: Pair, pairs: Set<Pair>): void {
  pairs.delete(pair)
  pair.client.destroy()
  pair.server.destroy()
}

/** Destroys only the client half. The server continues to send, as on a lost network. */
function loseClient(pair: Pair, pairs: Set<Pair>): void {
  const { client, server } = pair
  pairs.delete(pair)
  client.removeAllListeners('close')
  client.unpipe(server)
  server.unpipe(client)
  server.resume()
  client.destroy()
  setTimeout(() => server.destroy(), HALF_OPEN_MS)
}

async function hold({ client, server }: Pair, ms?: number): Promise<void> {
  client.unpipe(server)
  server.unpipe(client)
  client.pause()
  server.pause()
  if (ms === undefined) return
  await sleep(ms)
  if (client.destroyed || server.destroyed) return
  client.pipe(server)
  server.pipe(client)
}
