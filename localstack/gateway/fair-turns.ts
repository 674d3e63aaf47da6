import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** How many requests or messages of one sender the functions have at once. Further ones wait for their turn. */
const AT_ONCE = 4
/** A sender whose requests have waited without a pause for so long, in milliseconds, is slowed down. */
const BACKLOG_MS = 500
/** Others are here if one of them sent something within so many milliseconds. */
const PRESENT_MS = 1000
/** How long a sender that is slowed down rests after a turn, as a multiple of what the turn took, and at most. */
const REST_FACTOR = 2
const MOST_REST_MS = 250
/** How many requests of one sender may wait, so that their bodies do not fill the memory. */
const MOST_WAITING = 200

/**
 * The turns of senders. In the cloud each request has an instance of a function to itself; here all of them share a
 * thread, and a sender of many would take all of it.
 */
export type FairTurns = {
  /** Notes that a sender is here, also one that needs no turn. */
  meet(sender: string): void
  /** Whether so many requests of a sender wait that another one is to be refused. */
  isFull(sender: string): boolean
  /** Runs when it is the sender's turn. Returns and throws what `run` does. */
  take<T>(sender: string, run: () => Promise<T>): Promise<T>
}

type Line = {
  readonly waiting: (() => void)[]
  running: number
  isResting: boolean
  /** Since when there has always been one that waits; null if there is none. */
  backlogSince: number | null
}

type Clock = { readonly now?: () => number; readonly rest?: (milliseconds: number) => Promise<unknown> }

/**
 * Creates turns: of one sender `AT_ONCE` requests run at once. One that goes on to send more than that, while others are
 * here, gets one turn at a time and at most a third of the time, because each of its requests delays every step of
 * theirs. Alone it is never slowed down.
 */
export function fairTurns({ now = () => performance.now(), rest = sleep }: Clock = {}): FairTurns {
  const lines = new Map<string, Line>()
  /** The last two senders that differ, the latest first. */
  let [latest, before] = [nobody, nobody]

  const meet = (sender: string): void => {
    if (sender !== latest.sender) before = latest
    latest = { sender, at: now() }
  }
  const isSlowed = (sender: string, { backlogSince }: Line): boolean => {
    if (backlogSince === null || now() - backlogSince < BACKLOG_MS) return false
    const other = latest.sender === sender ? before : latest
    return now() - other.at < PRESENT_MS
  }
  /** Begins as many turns as the sender may have now. */
  const advance = (sender: string, line: Line): void => {
    while (
      line.waiting.length > 0 &&
      !line.isResting &&
      line.running < (isSlowed(sender, line) ? 1 : AT_ONCE)
    ) {
      line.running++
      line.waiting.shift()?.()
    }
    if (line.waiting.length === 0) line.backlogSince = null
    if (line.waiting.length === 0 && line.running === 0) lines.delete(sender)
  }
  const restAfter = async (sender: string, line: Line, took: number): Promise<void> => {
    line.isResting = true
    await rest(Math.min(MOST_REST_MS, took * REST_FACTOR))
    line.isResting = false
    advance(sender, line)
  }

  return {
    meet,
    isFull: (sender) => (lines.get(sender)?.waiting.length ?? 0) >= MOST_WAITING,
    async take(sender, run) {
      meet(sender)
      const line = lines.get(sender) ?? { running: 0, waiting: [], isResting: false, backlogSince: null }
      lines.set(sender, line)
      const turn = new Promise<void>((resolve) => line.waiting.push(resolve))
      advance(sender, line)
      if (line.waiting.length > 0) line.backlogSince ??= now()
      await turn
      const begin = now()
      try {
        return await run()
      } finally {
        line.running--
        if (!line.isResting && isSlowed(sender, line)) void restAfter(sender, line, now() - begin)
        else advance(sender, line)
      }
    },
  }
}

const nobody = { sender: '', at: Number.NEGATIVE_INFINITY }

/**
 * Returns who sends a request: its credential or, where there is none that counts, its path; and whether it needs a turn.
 * Writes do not: they gather in Kafka, so many at once cost little more than one. What is held costs nothing meanwhile.
 */
export function senderOf({
  method,
  url = '/',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): {
  readonly sender: string
  readonly needsTurn: boolean
} {
  const [path = '', query = ''] = url.split('?', 2)
  const isRead = method === 'GET' || method === 'HEAD'
  const isDelivery = !isRead && path.startsWith('/webhooks/')
  const credential = isDelivery ? undefined : (headers['x-api-key'] ?? headers.authorization)
  return {
    sender: credential === undefined ? path.slice(0, 100) : digestOf(String(credential)),
    needsTurn: isDelivery || (isRead && !/(?:^|&)wait=/.test(query)),
  }
}

/** Returns who sends the messages of a socket: the key in its URL, or with a ticket the connection itself. */
export function senderOfSocket(url: string, connectionId: string): string {
  const key = new URLSearchParams(url.split('?', 2)[1]).get('key')
  return `socket ${key === null ? connectionId : digestOf(key)}`
}

function digestOf(credential: string): string {
  return createHash('sha256').update(credential).digest('base64url')
}
