import type { Position, Seen } from './deliveries.ts'

/** What a viewer does about a frame. */
export type Step =
  | { readonly does: 'reply'; readonly text: string }
  | { readonly does: 'ready' }
  | { readonly does: 'take'; readonly events: readonly Seen[] }
  | { readonly does: 'fail'; readonly reason: string }
  | { readonly does: 'nothing' }

/** How a viewer of a server subscribes to one channel over a plain WebSocket, and reads what comes. */
export type Protocol = {
  /** The path of the WebSocket. */
  readonly path: string
  /** What a viewer sends when its socket is open; null if the server speaks first. */
  hello(channel: string): string | null
  react(text: string, channel: string): Step
}

type Data = { readonly data: { readonly n: number } }
type Positioned = Position & { readonly event: Data }

const NOTHING: Step = { does: 'nothing' }

function seen({ event, topic, partition, offset }: Positioned): Seen {
  return { n: event.data.n, position: { topic, partition, offset } }
}

const tidewire: Protocol = {
  path: '/?key=local-dev-key',
  hello: (channel) => JSON.stringify({ action: 'subscribe', id: 's', channels: [channel] }),
  react(text) {
    const frame = JSON.parse(text) as { type: string; events: readonly Positioned[] }
    if (frame.type === 'events') return { does: 'take', events: frame.events.map(seen) }
    if (frame.type === 'subscribed') return { does: 'ready' }
    return frame.type === 'pong' ? NOTHING : { does: 'fail', reason: text.slice(0, 200) }
  },
}

/** Engine.IO 4 and Socket.IO 5, https://socket.io/docs/v4/engine-io-protocol/: a digit or two, then JSON. */
const socketIo: Protocol = {
  path: '/socket.io/?EIO=4&transport=websocket',
  hello: () => null,
  react(text, channel) {
    if (text.startsWith('42["event",'))
      return { does: 'take', events: [seen((JSON.parse(text.slice(2)) as [string, Positioned])[1])] }
    if (text.startsWith('0{')) return { does: 'reply', text: '40' }
    if (text.startsWith('40{')) return { does: 'reply', text: `420${JSON.stringify(['join', channel])}` }
    if (text.startsWith('430')) return { does: 'ready' }
    return text === '2' ? { does: 'reply', text: '3' } : { does: 'fail', reason: text.slice(0, 200) }
  },
}

const bare: Protocol = {
  path: '/',
  hello: (channel) => JSON.stringify({ join: channel }),
  react(text) {
    const frame = JSON.parse(text) as Positioned | { joined: string }
    return 'joined' in frame ? { does: 'ready' } : { does: 'take', events: [seen(frame)] }
  },
}

type Centrifugo = {
  id?: number
  error?: unknown
  push?: { pub?: { data: Data } }
}

/** https://centrifugal.dev/docs/transports/client_protocol: JSON messages, one a line, perhaps several in a frame. */
const centrifugo: Protocol = {
  path: '/connection/websocket',
  hello: (channel) => `{"id":1,"connect":{}}\n${JSON.stringify({ id: 2, subscribe: { channel } })}`,
  react(text) {
    const messages = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Centrifugo]))
    if (messages.some(({ error }) => error !== undefined)) return { does: 'fail', reason: text.slice(0, 200) }
    if (text === '{}') return { does: 'reply', text: '{}' }
    if (messages.some(({ id }) => id === 2)) return { does: 'ready' }
    const events = messages.flatMap(({ push }) =>
      push?.pub ? [{ n: push.pub.data.data.n, position: null }] : [],
    )
    return events.length > 0 ? { does: 'take', events } : NOTHING
  },
}

export const PROTOCOLS = { tidewire, 'socket.io': socketIo, bare, centrifugo } as const
export type ProtocolName = keyof typeof PROTOCOLS
