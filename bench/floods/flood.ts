import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

export const FLOODS = ['subscriptions', 'pings', 'reads', 'forms', 'slow bodies'] as const
export type FloodKind = (typeof FLOODS)[number]
export type Target = { readonly httpUrl: string; readonly socketUrl: string; readonly key: string }
/** What a flood sent so far, and how much of it was refused with 429, an error or a close. */
export type FloodCount = { readonly sent: number; readonly refused: number }
type Flood = { readonly count: () => FloodCount; readonly stop: () => Promise<void> }

const SOCKETS = 20
const REQUESTS_AT_ONCE = 32
const SLOW_CONNECTIONS = 300
/** Below the limit of fields of a form, so that all of it is read. */
const FORM_FIELDS = 1990
/** How many messages are sent at once: the system takes megabytes of them without a pause. */
const BURST = 100
/** How many bytes may wait to be sent before a flood of messages rests. */
const BUFFERED_BYTES = 64 * 1024

/** Starts a flood from one principal: as much as its connections take. */
export function startFlood(kind: FloodKind, target: Target): Flood {
  const over = new AbortController()
  let sent = 0
  let refused = 0
  const counting = {
    signal: over.signal,
    note(isRefused: boolean) {
      sent++
      if (isRefused) refused++
    },
    noteRefusal: () => void refused++,
  }
  const loops = LOOPS[kind](target, counting)
  return {
    count: () => ({ sent, refused }),
    async stop() {
      over.abort()
      await Promise.all(loops)
    },
  }
}

type Counting = {
  readonly signal: AbortSignal
  readonly note: (isRefused: boolean) => void
  readonly noteRefusal: () => void
}
type Loops = (target: Target, counting: Counting) => Promise<void>[]

const times = (count: number, run: (index: number) => Promise<void>) =>
  Array.from({ length: count }, (_, i) => run(i))

const LOOPS: Readonly<Record<FloodKind, Loops>> = {
  subscriptions: (target, counting) =>
    times(SOCKETS, () => {
      let attempt = 0
      return floodSocket(target, counting, () =>
        JSON.stringify({
          action: 'subscribe',
          id: `s${attempt % 50}`,
          attempt: ++attempt,
          channels: ['**', 'port.**', 'market.tick.**'],
          since: 'latest',
        }),
      )
    }),
  pings: (target, counting) => times(SOCKETS, () => floodSocket(target, counting, () => '{"action":"ping"}')),
  reads: (target, counting) =>
    floodRequests(target, counting, { path: '/events?limit=500', method: 'GET', body: null }),
  forms: (target, counting) => {
    const fields = Array.from(
      { length: FORM_FIELDS },
      (_, index) => `field-${index}=${randomBytes(48).toString('hex')}`,
    )
    const body = Buffer.from(fields.join('&'))
    return floodRequests(target, counting, { path: '/webhooks/mailgun', method: 'POST', body })
  },
  'slow bodies': (target, counting) => times(SLOW_CONNECTIONS, () => floodSlowly(target, counting)),
}

/** Sends messages for as long as the connection takes them, and connects again when it was closed. */
async function floodSocket(
  { socketUrl, key }: Target,
  { signal, note, noteRefusal }: Counting,
  next: () => string,
): Promise<void> {
  while (!signal.aborted) {
    const socket = new WebSocket(`${socketUrl}/?key=${key}`)
    socket.on('error', () => {})
    socket.on('message', (data) => {
      if (String(data).startsWith('{"type":"error"')) noteRefusal()
    })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await new Promise((resolve) => socket.once('open', resolve).once('close', resolve))
    while (!signal.aborted && socket.readyState === WebSocket.OPEN) {
      for (let left = BURST; left > 0 && socket.bufferedAmount < BUFFERED_BYTES; left--) {
        socket.send(next())
        note(false)
      }
      await sleep(1)
    }
    socket.terminate()
    await closed
    if (!signal.aborted) await sleep(100)
  }
}

type Sent = { readonly path: string; readonly method: string; readonly body: Buffer | null }

function floodRequests({ httpUrl, key }: Target, { signal, note }: Counting, { path, method, body }: Sent) {
  const agent = new Agent({ keepAlive: true })
  const headers = {
    'x-api-key': key,
    ...(body && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }),
  }
  return times(REQUESTS_AT_ONCE, async () => {
    while (!signal.aborted) {
      const status = await new Promise<number>((resolve) => {
        const outgoing = request(`${httpUrl}${path}`, { method, headers, agent }, (response) => {
          response.resume()
          response.once('close', () => resolve(response.statusCode ?? 0))
        })
        outgoing.once('error', () => resolve(0))
        outgoing.end(body)
      })
      note(status === 429 || status === 0)
    }
  })
}

/** Sends a body of 9 MB a few bytes at a time, and begins again when it is cut. */
async function floodSlowly({ httpUrl, key }: Target, { signal, note, noteRefusal }: Counting): Promise<void> {
  const { hostname, port } = new URL(httpUrl)
  while (!signal.aborted) {
    const socket: Socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.resume()
    let isOpen = true
    socket.once('close', () => {
      isOpen = false
    })
    socket.write(
      `POST /events HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${key}\r\ncontent-length: 9000000\r\n\r\n`,
    )
    while (!signal.aborted && isOpen) {
      socket.write('x'.repeat(100))
      note(false)
      await sleep(100)
    }
    if (!signal.aborted) noteRefusal()
    socket.destroy()
  }
}
