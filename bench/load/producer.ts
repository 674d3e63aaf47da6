import { setTimeout as sleep } from 'node:timers/promises'
import { API_KEY } from '../../tests/support/start-stack.ts'
import { type Pace, postAtRate, poster } from './post-at-rate.ts'

export type Producer = {
  /** Posts at a steady rate; resolves when all is accepted. */
  post(pace: Pace): Promise<void>
  /** How many events there are so far, accepted or not; each has the next number, from 0. */
  readonly sent: () => number
  readonly isAccepted: (n: number) => boolean
  /** When the latency of an event began. */
  readonly beganAt: (n: number) => number
  readonly accepted: () => number
  /** How often a post had to be repeated. */
  readonly retried: () => number
}

const SOURCE = '/bench/clients'
const TEXT = 'x'.repeat(200)
const SUBJECTS = 50
const RETRY_MS = { first: 250, last: 4000 }

/**
 * A producer as docs/ingest.md asks for: a post that fails is repeated with the same ids until it is accepted. Event `n`
 * goes to channel `n` modulo `channels`.
 */
export function createProducer(httpUrl: string, channels: number): Producer {
  const { send } = poster(`${httpUrl}/events`, { 'x-api-key': API_KEY })
  const began: number[] = []
  const isAccepted: boolean[] = []
  let accepted = 0
  let retried = 0

  async function postOne(size: number, from: number): Promise<void> {
    const first = began.length
    for (let n = first; n < first + size; n++) {
      began.push(from)
      isAccepted.push(false)
    }
    const events = Array.from({ length: size }, (_, index) => eventOf(first + index, channels))
    await untilAccepted(JSON.stringify(events))
    isAccepted.fill(true, first, first + size)
    accepted += size
  }

  async function untilAccepted(body: string): Promise<void> {
    for (let wait = RETRY_MS.first; ; wait = Math.min(RETRY_MS.last, 2 * wait)) {
      const { status } = await send(body, 'application/cloudevents-batch+json')
      if (status === 202) return
      // Another success is that of a gateway whose function has failed to load.
      if (status !== null && status >= 400 && status < 500 && status !== 429)
        throw new Error(`a post was answered with ${status}`)
      retried++
      await sleep(wait)
    }
  }

  return {
    async post(pace) {
      await postAtRate(pace, (_, from) => postOne(pace.perPost, from))
    },
    sent: () => began.length,
    isAccepted: (n) => isAccepted[n] === true,
    beganAt: (n) => began[n] ?? 0,
    accepted: () => accepted,
    retried: () => retried,
  }
}

function eventOf(n: number, channels: number) {
  return {
    specversion: '1.0',
    id: `n${n}`,
    source: SOURCE,
    type: 'bench.event',
    category: `bench.c${n % channels}`,
    subject: `s${n % SUBJECTS}`,
    data: { n, text: TEXT },
  }
}
