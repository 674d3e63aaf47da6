import { setTimeout as sleep } from 'node:timers/promises'
import { domains } from '#shared/domain/catalog.ts'
import { simulateDomains } from '../../cli/simulate/event-sources.ts'
import { API_KEY } from '../../tests/support/start-stack.ts'
import type { Accounts, Entry } from './accounts.ts'

export type WriterOptions = {
  readonly httpUrl: string
  readonly accounts: Accounts
  /** As often as the simulators do, where four of five events are ticks of the market; otherwise each domain as often. */
  readonly isNatural: boolean
}

export type Writer = {
  /** Posts so many events per second until it is stopped. */
  start(rate: number): void
  /** Stops, and resolves when all that was begun is accepted. */
  stop(): Promise<void>
  /** The entry of an event that was posted here, by its id; null for another. */
  entryOf(id: string, source: string): Entry | null
  counts(): {
    readonly posts: number
    readonly retriedPosts: number
    /** Responses of success that carry no receipts. */
    readonly falseSuccesses: number
    readonly refusedPosts: number
  }
}

const SOURCE = '/tidewire-bench'
const RUN = Date.now().toString(36)
/** Events in a post, in turns: mostly single ones. */
const SIZES = [1, 1, 1, 2, 1, 1, 5, 4]
const AVERAGE = SIZES.reduce((sum, size) => sum + size, 0) / SIZES.length
const TICK_MS = 20
/** So many posts wait for their response at most; while the stack is down, nothing new is posted. */
const WAITING_POSTS = 40
const RETRY_MS = { first: 100, last: 1000 }
const POST_WITHIN_MS = 30_000
/** As docs/ingest.md says. */
const WORTH_RETRYING = [409, 429, 500, 502, 503, 504]

/**
 * A producer of simulated events of all domains, singly and in small posts, each with an id of its own. A post that
 * fails is repeated with the same ids until it is accepted. After a stall no burst follows.
 */
export function createWriter({ httpUrl, accounts, isNatural }: WriterOptions): Writer {
  const source = isNatural ? simulated(domains) : inTurns()
  const waiting = new Set<Promise<void>>()
  const counts = { posts: 0, retriedPosts: 0, falseSuccesses: 0, refusedPosts: 0 }
  const entries = new Map<string, Entry>()
  let isStopped = false
  let writing: Promise<void> = Promise.resolve()
  let next = 0

  async function write(rate: number): Promise<void> {
    let dueAt = performance.now()
    while (!isStopped) {
      const now = performance.now()
      if (now - dueAt > 1000) dueAt = now
      for (; dueAt <= now && waiting.size < WAITING_POSTS; dueAt += (1000 * AVERAGE) / rate) {
        const posting = postOne(SIZES[counts.posts++ % SIZES.length] ?? 1).finally(() =>
          waiting.delete(posting),
        )
        waiting.add(posting)
      }
      await sleep(TICK_MS)
    }
    await Promise.all(waiting)
  }

  async function postOne(size: number): Promise<void> {
    const begun = Array.from({ length: size }, () => {
      const { group, event } = source.next().value
      const entry = accounts.begin(group, performance.now())
      const id = `${RUN}-${next++}`
      entries.set(id, entry)
      return { entry, event: { specversion: '1.0', id, source: SOURCE, ...event } }
    })
    const [first] = begun
    const isAccepted =
      size === 1
        ? await untilAccepted(JSON.stringify(first?.event), 'application/cloudevents+json')
        : await untilAccepted(
            JSON.stringify(begun.map(({ event }) => event)),
            'application/cloudevents-batch+json',
          )
    if (isAccepted) for (const { entry } of begun) accounts.accepted(entry, performance.now())
  }

  async function untilAccepted(body: string, contentType: string): Promise<boolean> {
    for (let pause = RETRY_MS.first; ; pause = Math.min(RETRY_MS.last, 2 * pause)) {
      const status = await send(`${httpUrl}/events`, body, contentType)
      if (status === 'accepted') return true
      if (status === 'false success') counts.falseSuccesses++
      if (status === 'refused') {
        counts.refusedPosts++
        return false
      }
      counts.retriedPosts++
      await sleep(pause)
    }
  }

  return {
    start(rate) {
      isStopped = false
      writing = write(rate)
    },
    async stop() {
      isStopped = true
      await writing
    },
    entryOf: (id, from) => (from === SOURCE ? (entries.get(id) ?? null) : null),
    counts: () => ({ ...counts }),
  }
}

type Sent = 'accepted' | 'false success' | 'refused' | 'failed'

async function send(url: string, body: string, contentType: string): Promise<Sent> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-api-key': API_KEY, 'content-type': contentType },
      body,
      signal: AbortSignal.timeout(POST_WITHIN_MS),
    })
    const text = await response.text()
    if (response.ok) return /"offset":\d/.test(text) ? 'accepted' : 'false success'
    return WORTH_RETRYING.includes(response.status) ? 'failed' : 'refused'
  } catch {
    return 'failed' // nobody listens, or the response was cut off
  }
}

type Simulated = { readonly group: string; readonly event: object }

/** The events of these domains as their simulators make them, at the present time. */
function* simulated(chosen: typeof domains): Generator<Simulated, never> {
  const begin = Date.now()
  for (const { domain, event, elapsedMs } of simulateDomains(chosen, { seed: 11, begin })) {
    const shift = event.time === undefined ? 0 : Date.parse(event.time) - begin - elapsedMs
    yield { group: domain, event: { ...event, time: new Date(Date.now() + shift).toISOString() } }
  }
  throw new Error('the simulators have ended')
}

function* inTurns(): Generator<Simulated, never> {
  const sources = domains.filter(({ simulate }) => simulate).map((domain) => simulated([domain]))
  for (;;) for (const source of sources) yield source.next().value
}
