import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** How many requests or messages of one sender the functions have at once. Further ones wait for their turn. */
const AT_ONCE = 4

/**
 * Lets requests of one sender wait for each other. In the cloud each request has an instance of a function to itself;
 * here all of them share a thread, and a sender of many would take all of it. Nothing is refused: that is for the
 * functions.
 */
export function fairTurns() {
  const senders = new Map<string, { running: number; readonly waiting: (() => void)[] }>()
  return async <T>(sender: string | null, run: () => Promise<T>): Promise<T> => {
    if (sender === null) return run()
    const own = senders.get(sender) ?? { running: 0, waiting: [] }
    senders.set(sender, own)
    if (own.running < AT_ONCE) own.running++
    else await new Promise<void>((resolve) => own.waiting.push(resolve))
    try {
      return await run()
    } finally {
      const next = own.waiting.shift()
      if (next) next()
      else if (--own.running === 0) senders.delete(sender)
    }
  }
}

/**
 * Returns whose turn a request is: that of its credential or, where there is none, of its path. Null for what needs no
 * turn: writes gather in Kafka, so many at once cost little more than one, and what is held costs nothing meanwhile.
 */
export function senderOf({
  method,
  url = '/',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>) {
  const [path = '', query = ''] = url.split('?', 2)
  const isRead = method === 'GET' || method === 'HEAD'
  if (isRead ? /(?:^|&)wait=/.test(query) : !path.startsWith('/webhooks/')) return null
  const credential = headers['x-api-key'] ?? headers.authorization
  return credential === undefined || !isRead ? path.slice(0, 100) : digestOf(String(credential))
}

/** Returns whose turn the messages of a socket are: that of the key in its URL, or with a ticket its own. */
export function senderOfSocket(url: string, connectionId: string): string {
  const key = new URLSearchParams(url.split('?', 2)[1]).get('key')
  return key === null ? connectionId : digestOf(key)
}

function digestOf(credential: string): string {
  return createHash('sha256').update(credential).digest('base64url')
}
