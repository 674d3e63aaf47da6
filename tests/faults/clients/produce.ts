import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#shared/testing/random.ts'
import { post, type Receipt } from '../../support/api.ts'
import { eventOf } from './audience.ts'

type ProduceOptions = {
  readonly httpUrl: string
  readonly run: string
  readonly rate: number
  readonly plan: { readonly until: number }
}

export type Produced = {
  /** When each event got its 202, by n. */
  readonly acceptedAt: Map<number, number>
  /** The position of each event, from its 202. */
  readonly positions: Map<number, string>
  /** Posts that had to be sent again, and those that were sent again although they were accepted. */
  retries: number
  repeats: number
  /** Events whose second 202 named another position than the first. */
  contradictions: number
}

export function nothingProduced(): Produced {
  return { acceptedAt: new Map(), positions: new Map(), retries: 0, repeats: 0, contradictions: 0 }
}

/** A producer without a response retries after about this time, and then with longer delays. */
const PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000
const TICK_MS = 50
/** Maximum of posts that wait for their 202. While the stack is down, nothing new is posted. */
const WAITING_POSTS = 20

/**
 * Posts `rate` events per second in small batches until `plan.until` (performance.now), each again with the same ids
 * until it gets its 202; one post in fifty is then repeated. Resolves when every event was accepted.
 */
export async function produce(
  { httpUrl, run, rate, plan }: ProduceOptions,
  random: Random,
  produced: Produced,
): Promise<void> {
  const waiting = new Set<Promise<void>>()
  const began = performance.now()
  let next = 0
  let idle = 0
  for (let now = began; now < plan.until; now = performance.now()) {
    const due = Math.floor(((now - began - idle) / 1000) * rate) - next
    if (waiting.size < WAITING_POSTS && due > 0) {
      const numbers = Array.from({ length: Math.min(due, 100) }, () => next++)
      const posting = postUntilAccepted(httpUrl, run, numbers, random, produced).finally(() =>
        waiting.delete(posting),
      )
      waiting.add(posting)
    }
    await sleep(TICK_MS)
    if (waiting.size >= WAITING_POSTS) idle += performance.now() - now
  }
  await Promise.all(waiting)
}

async function postUntilAccepted(
  httpUrl: string,
  run: string,
  numbers: readonly number[],
  random: Random,
  produced: Produced,
): Promise<void> {
  const body = JSON.stringify(numbers.map((n) => eventOf(run, n)))
  let pause = PAUSE_MS
  let receipts = await send(httpUrl, body)
  for (; receipts === null; receipts = await send(httpUrl, body)) {
    produced.retries++
    await sleep(pause * random.between(0.5, 1.5))
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
  }
  for (const [index, n] of numbers.entries()) {
    produced.acceptedAt.set(n, performance.now())
    produced.positions.set(n, positionOf(receipts[index]))
  }
  if (!random.chance(0.02)) return
  const again = await send(httpUrl, body)
  if (again === null) return
  produced.repeats++
  for (const [index, n] of numbers.entries())
    if (positionOf(again[index]) !== produced.positions.get(n)) produced.contradictions++
}

/** Posts a batch. Returns null if there was no response, or none that shows whether it was accepted. */
async function send(httpUrl: string, body: string): Promise<readonly Receipt[] | null> {
  const type = { 'content-type': 'application/cloudevents-batch+json' }
  const answer = await post(httpUrl, body, type).catch(() => null)
  if (answer?.status === 422 || answer?.status === 413)
    throw new Error(`the producer's batch was refused with ${answer.status}`)
  return answer?.status === 202 ? (answer.json as { events: Receipt[] }).events : null
}

/** A position as text, to compare. */
export function positionOf(position: Omit<Receipt, 'id' | 'source'> | undefined): string {
  return `${position?.topic}-${position?.partition}@${position?.offset}`
}
