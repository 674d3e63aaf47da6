import { type ConnectOptions, connect, type SocketLike, type Tidewire } from '#shared/client/connect.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { ClientMessage, ServerFrame, SubscribeMessage } from '#shared/core/messages.ts'
import { createFakeClock, type FakeClock, settle } from './fake-clock.ts'

export type FakeSocket = {
  readonly url: string
  readonly sent: ClientMessage[]
  closed: boolean
  readonly open: () => Promise<void>
  readonly frame: (frame: ServerFrame | object) => Promise<void>
  readonly cut: () => Promise<void>
  readonly asks: () => SubscribeMessage[]
  /** Responds to the newest `subscribe` of a subscription. */
  readonly accept: (cursor?: string, id?: string) => Promise<void>
}

/** An event of the topic `t` in the channel `a.x`. */
export function eventAt(offset: number, partition = 0, category = 'a.x'): PositionedEvent {
  const event = {
    specversion: '1.0',
    id: `${partition}-${offset}`,
    source: '/s',
    type: 't.happened',
    category,
  } as const
  return { topic: 't', partition, offset, event }
}

type Listener = (event: { readonly data: unknown }) => void

function createSocket(url: string): FakeSocket & SocketLike {
  const listeners = new Map<string, Listener>()
  const emit = async (type: string, data?: unknown) => {
    listeners.get(type)?.({ data })
    await settle()
  }
  const socket: FakeSocket & SocketLike = {
    url,
    sent: [],
    closed: false,
    send: (text) => socket.sent.push(JSON.parse(text)),
    close: () => {
      socket.closed = true
    },
    addEventListener: (type: string, listener: Listener) => listeners.set(type, listener),
    open: () => emit('open'),
    frame: (frame) => emit('message', JSON.stringify(frame)),
    cut: () => emit('close'),
    asks: () => socket.sent.filter((message) => message.action === 'subscribe'),
    accept: async (cursor = 't@e1:0=0', id = 's1') => {
      const attempt = socket.asks().findLast((ask) => ask.id === id)?.attempt
      await socket.frame({ type: 'subscribed', id, attempt, cursor, recovered: true })
    },
  }
  return socket
}

export type Answer = { status?: number; body: unknown; type?: string }

/**
 * A client with a fake server that the test controls: it opens sockets, `answer` returns pages, `clock` is the time.
 */
export type Script = {
  readonly clock: FakeClock
  readonly sockets: FakeSocket[]
  readonly requests: { readonly url: URL; readonly init: RequestInit | undefined }[]
  answer: (url: URL) => Answer | Promise<Answer>
  /** Opens the newest socket. */
  readonly opened: () => Promise<FakeSocket>
  readonly last: () => FakeSocket
  readonly tidewire: Tidewire
}

/** Resolves as a promise does, or rejects as soon as a request is aborted. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason))
    promise.then(resolve, reject)
  })
}

export function createScript(options: Partial<ConnectOptions> = {}): Script {
  const clock = createFakeClock()
  const sockets: FakeSocket[] = []
  const requests: { url: URL; init: RequestInit | undefined }[] = []
  const last = () => {
    const socket = sockets.at(-1)
    if (!socket) throw new Error('no socket was opened yet')
    return socket
  }
  const script: Script = {
    clock,
    sockets,
    requests,
    last,
    answer: () => ({ body: { events: [], cursor: 't@e1:0=0', recovered: true } }),
    opened: async () => {
      await settle()
      await last().open()
      return last()
    },
    tidewire: connect({
      httpUrl: 'http://test',
      socketUrl: 'ws://localhost/',
      credentials: { apiKey: 'key' },
      keyInUrl: true,
      clock,
      random: () => 0.5,
      openSocket: (url) => {
        const socket = createSocket(url)
        sockets.push(socket)
        return socket
      },
      fetch: async (address, init) => {
        const url = new URL(address)
        requests.push({ url, init })
        const answer = Promise.resolve(script.answer(url))
        const { status = 200, body, type = 'application/json' } = await untilAborted(answer, init?.signal)
        return new Response(JSON.stringify(body), { status, headers: { 'content-type': type } })
      },
      ...options,
    }),
  }
  return script
}
