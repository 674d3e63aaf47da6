import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../measure/measure.ts'
import { type Counts, createAccounts } from './accounts.ts'
import { createReader } from './reader.ts'
import { createTimes, type Quantiles } from './times.ts'
import { createViewers } from './viewers.ts'
import { createWriter } from './write-events.ts'

export type Place = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly viewers: number
  readonly retentionMs: number
  /** Whether domains write as often as their simulators do; otherwise all of them write as often. */
  readonly isNatural: boolean
}

export type Sample = {
  /** Milliseconds since the last sample, by kind of read; `delivery` is from POST to the callback of the client. */
  readonly times: Readonly<Record<string, Quantiles>>
  readonly live: number
}

export type Tally = Counts & {
  readonly posts: number
  readonly retriedPosts: number
  readonly falseSuccesses: number
  readonly refusedPosts: number
  readonly reads: number
  readonly failedReads: Readonly<Record<string, number>>
  readonly failedWhileDisturbed: Readonly<Record<string, number>>
  /** Newcomers with an old cursor that were not told so. */
  readonly untold: number
  readonly errors: Readonly<Record<string, number>>
}

/** Milliseconds since `mark` until each viewer had an event that was posted after it. */
export type BackLive = { readonly p50: number; readonly max: number; readonly missing: number }

export type Crowd = {
  /** All viewers come. Resolves when they are live. */
  open(): Promise<void>
  write(rate: number): Promise<void>
  read(): Promise<void>
  /** Viewers come and go until all is stopped. */
  churn(): Promise<void>
  /** No more comes and goes, and nothing is read or posted; resolves when all that was posted is accepted. */
  rest(): Promise<void>
  /** While the stack is disturbed, failed reads are counted apart. */
  disturb(isDisturbed: boolean): Promise<void>
  mark(): Promise<void>
  /** Waits until each viewer has an event that was posted after `mark`, at most so long. */
  backLive(patienceMs: number): Promise<BackLive>
  sample(): Promise<Sample>
  /** Waits until nothing is missing, or nothing has come for `patienceMs`. */
  settle(patienceMs: number): Promise<void>
  tally(): Promise<Tally>
}

const REPLACE_EVERY_MS = 4000
const AWAY_EVERY_MS = 20_000
/** Some stay away for less than the retention, and some for longer. */
const AWAY_PARTS = [0.3, 1.5]
const OLD_EVERY_MS = 10_000
const TOLD_WITHIN_MS = 20_000
const POLL_MS = 20

/** Viewers, a producer and a reader of one stack, in one process so that they read one clock. */
export function createCrowd({ viewers: count, retentionMs, isNatural, ...urls }: Place): Crowd {
  const groupOf = Array.from({ length: count }, (_, viewer) => GROUPS[viewer % GROUPS.length] ?? '')
  const accounts = createAccounts(groupOf, retentionMs)
  const times = createTimes()
  const writer = createWriter({ ...urls, accounts, isNatural })
  const viewers = createViewers({ ...urls, groupOf, accounts, times, entryOf: writer.entryOf })
  const reader = createReader({ ...urls, times, retentionMs })
  let timers: NodeJS.Timeout[] = []
  let untold = 0
  let aways = 0
  let isDisturbed = false
  let markedAt = 0

  async function comeLate(): Promise<void> {
    const cursor = reader.oldCursor()
    if (cursor === null || isDisturbed) return
    const isTold = await viewers.comeWith(cursor, TOLD_WITHIN_MS)
    if (!isTold && !isDisturbed) untold++
  }

  return {
    open: viewers.open,
    async write(rate) {
      writer.start(rate)
    },
    async read() {
      reader.start()
    },
    async churn() {
      const away = () => viewers.away((AWAY_PARTS[aways++ % AWAY_PARTS.length] ?? 1) * retentionMs)
      timers = [
        setInterval(() => viewers.replace(1), REPLACE_EVERY_MS),
        setInterval(away, AWAY_EVERY_MS),
        setInterval(() => void comeLate(), OLD_EVERY_MS),
      ]
    },
    async rest() {
      for (const timer of timers) clearInterval(timer)
      await Promise.all([writer.stop(), reader.stop()])
    },
    async disturb(now) {
      isDisturbed = now
      reader.disturb(now)
    },
    async mark() {
      markedAt = performance.now()
      accounts.mark(markedAt)
    },
    async backLive(patienceMs) {
      const fresh = () => groupOf.map((_, viewer) => accounts.freshAt(viewer))
      while (performance.now() - markedAt < patienceMs && fresh().includes(null)) await sleep(POLL_MS)
      const took = fresh().flatMap((at) => (at === null ? [] : [at - markedAt]))
      return { p50: quantile(took, 0.5), max: quantile(took, 1), missing: count - took.length }
    },
    async sample() {
      return { times: times.take(), live: viewers.live() }
    },
    async settle(patienceMs) {
      await viewers.open()
      let known = -1
      let progress = performance.now()
      for (;;) {
        const { delivered, lost } = accounts.counts()
        if (delivered !== known) progress = performance.now()
        known = delivered
        if (lost === 0 || performance.now() - progress > patienceMs) return
        await sleep(200)
      }
    },
    async tally() {
      const { reads, failed, whileDisturbed } = reader.counts()
      return {
        ...accounts.counts(),
        ...writer.counts(),
        reads,
        failedReads: failed,
        failedWhileDisturbed: whileDisturbed,
        untold,
        errors: viewers.errors(),
      }
    },
  }
}

const GROUPS = ['market', 'sensors', 'port', 'blog']
