import type { Socket } from 'node:net'
import { createReplyReader, type HttpReply } from './read-reply.ts'

const CONNECT_MS = 1000
/** A sandbox that was frozen finds that the network has dropped its idle sockets without notice. */
const LONGEST_IDLE_MS = 10_000
/** What would end a header line (RFC 9110 §5.5). */
const UNSAFE = /[\r\n\0]/

export type HttpExchange = {
  readonly method: string
  /** As it is sent: encoded once. */
  readonly path: string
  /** `host` and `content-length` are among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The maximum duration of the whole exchange, in milliseconds. */
  readonly timeoutMs: number
}

type Options = { readonly sockets?: number; readonly now?: () => number }

/** An exchange that has begun, or waits for a socket. */
type Pending = {
  readonly text: string
  /** The line that carries it, once there is one. */
  line: Line | undefined
  settle(reply: HttpReply): void
  fail(error: Error): void
}

/** One socket. It carries one exchange at a time. */
type Line = {
  readonly carry: (pending: Pending) => void
  readonly destroy: (error?: Error) => void
}

/**
 * Returns a function that sends requests to one endpoint over sockets that are kept alive, at most `sockets` at a time.
 * It throws when no socket opens within a second, when the exchange takes longer than its timeout, or when the
 * connection breaks. It does not retry.
 *
 * It is what the clients of AWS send with, thousands of times a second. node:http spends 40 to 80 µs on an exchange, for
 * its agent, its request and its two streams; this spends 15 to 25 (docs/adr/0020-posts-and-calls-without-the-sdks-middle.md).
 * It speaks HTTP/1.1 as a client of POST and GET needs it; requests are not pipelined.
 */
export function keepAliveRequester(
  endpoint: URL,
  { sockets = 256, now = Date.now }: Options = {},
): (exchange: HttpExchange) => Promise<HttpReply> {
  const open = createConnector(endpoint)
  const idle: { readonly line: Line; readonly freeSince: number }[] = []
  const waiting: Pending[] = []
  let lines = 0

  /** The line that was used last is used next, so the first of them have been idle for the longest time. */
  const dropIdle = () => {
    const oldest = now() - LONGEST_IDLE_MS
    if (idle[0] === undefined || idle[0].freeSince >= oldest) return
    const count = idle.findIndex(({ freeSince }) => freeSince >= oldest)
    for (const { line } of idle.splice(0, count === -1 ? idle.length : count)) line.destroy()
  }
  const carryNext = () => {
    while (waiting.length > 0) {
      const line = idle.pop()?.line ?? (lines < sockets ? openLine() : undefined)
      const next = line && waiting.shift()
      if (next === undefined) return
      next.line = line
      line?.carry(next)
    }
  }
  const openLine = (): Line => {
    lines++
    const line = createLine(open(), {
      onFree: () => {
        idle.push({ line, freeSince: now() })
        carryNext()
      },
      onClose: () => {
        lines--
        const at = idle.findIndex((other) => other.line === line)
        if (at !== -1) idle.splice(at, 1)
        carryNext()
      },
    })
    return line
  }

  return (exchange) =>
    new Promise((resolve, reject) => {
      dropIdle()
      const timer = setTimeout(() => {
        const error = timeoutError(exchange.timeoutMs)
        if (pending.line) pending.line.destroy(error)
        else {
          waiting.splice(waiting.indexOf(pending), 1)
          pending.fail(error)
        }
      }, exchange.timeoutMs)
      const pending: Pending = {
        text: textOf(exchange),
        line: undefined,
        settle(reply) {
          clearTimeout(timer)
          resolve(reply)
        },
        fail(error) {
          clearTimeout(timer)
          reject(error)
        },
      }
      waiting.push(pending)
      carryNext()
    })
}

/** Throws if a value would end its line. */
function textOf({ method, path, headers, body }: HttpExchange): string {
  let head = `${method} ${path} HTTP/1.1\r\n`
  for (const name in headers) {
    const value = headers[name] ?? ''
    if (UNSAFE.test(value)) throw new TypeError(`The header ${name} has a line break.`)
    head += `${name}: ${value}\r\n`
  }
  return `${head}\r\n${body}`
}

/** Carries exchanges over a socket. `onFree` follows each that left the socket usable, `onClose` its end. */
function createLine(socket: Socket, on: { readonly onFree: () => void; readonly onClose: () => void }): Line {
  let current: Pending | undefined
  let failure: Error | undefined
  const destroy = (error?: Error) => {
    failure ??= error
    socket.destroy()
  }
  const connecting = setTimeout(() => destroy(timeoutError(CONNECT_MS)), CONNECT_MS)
  socket.once(socket.connecting && 'encrypted' in socket ? 'secureConnect' : 'connect', () =>
    clearTimeout(connecting),
  )
  const reader = createReplyReader({
    onReply(reply, canFollow) {
      const done = current
      current = undefined
      done?.settle(reply)
      if (done === undefined || !canFollow) return destroy()
      socket.unref()
      on.onFree()
    },
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk)
    } catch (error) {
      destroy(error as Error)
    }
  })
  let isOpen = true
  const close = () => {
    if (isOpen) on.onClose()
    isOpen = false
  }
  socket.on('end', () => {
    reader.end() // a response without a length ends with its connection
    if (current === undefined) close() // before an exchange is written to it
  })
  socket.on('error', (error) => {
    failure ??= error
  })
  socket.on('close', () => {
    clearTimeout(connecting)
    const broken = current
    current = undefined
    broken?.fail(failure ?? new Error('the connection was closed before the response was complete'))
    close()
  })
  return {
    destroy,
    carry(pending) {
      current = pending
      socket.ref()
      reader.begin()
      socket.write(pending.text)
    },
  }
}

/**
 * Returns what opens a socket to an endpoint. The modules are loaded when they are needed: a function's start has no
 * part that it may not use. A later socket resumes the TLS session of an earlier one.
 */
function createConnector({ protocol, hostname, port }: URL): () => Socket {
  const host = hostname.replace(/^\[|\]$/g, '')
  const net = process.getBuiltinModule('node:net')
  if (protocol === 'http:') return () => net.connect({ host, port: Number(port || 80), noDelay: true })
  const name = net.isIP(host) === 0 ? { servername: host } : {}
  let session: Buffer | undefined
  return () => {
    const { connect } = process.getBuiltinModule('node:tls')
    const socket = connect({ host, port: Number(port || 443), ...name, ...(session && { session }) })
    socket.on('session', (fresh: Buffer) => {
      session = fresh
    })
    return socket.setNoDelay(true)
  }
}

function timeoutError(timeoutMs: number): Error {
  return Object.assign(new Error(`no response within ${timeoutMs} ms`), { name: 'TimeoutError' })
}
