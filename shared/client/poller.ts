import { LONG_POLL_LIMIT } from '#shared/core/limits.ts'
import { anySignal, type Clock, createBackoff, pause } from './clock.ts'
import { type ClientError, type Feed, toClientError } from './feed.ts'
import { type FetchPage, PAGE_LIMIT, PageError } from './http.ts'
import { handOut, type JointRead, joinReads } from './joint-read.ts'

export type PollerSettings = {
  readonly clock: Clock
  readonly random: () => number
  readonly fetchPage: FetchPage
  /** How often to poll a server that does not hold requests, in milliseconds. */
  readonly pollMs: number
  readonly onError: (error: ClientError) => void
}

/** Reads over HTTP what no line delivers. */
export type Poller = {
  readonly isRunning: () => boolean
  readonly start: () => void
  /**
   * The subscriptions are others than before, or the request that is held may be dead: ends it, or the pause, and goes
   * on.
   */
  readonly kick: () => void
  readonly stop: () => void
}

/** An empty page that comes sooner was not held: the server does not know `wait`, or it is switched off. */
const HELD_MS = 500
/** The minimum time from one request to the next: a busy stage is read once a second. */
const EVERY_MS = 1000

type Session = {
  readonly signal: AbortSignal
  /** The feeds that have read alone in this session: their positions know every topic that they touch. */
  readonly known: Set<Feed>
  readonly backoff: ReturnType<typeof createBackoff>
}

/**
 * While it is started, every feed that needs pages reads alone once, and then one request for all of them is held by
 * the server until an event comes (long polling). There is never more than one request at a time. Failures are tried
 * again with backoff. A server that does not hold requests is asked every `pollMs`.
 */
export function createPoller(settings: PollerSettings, feedsInNeed: () => readonly Feed[]): Poller {
  const { clock, random, fetchPage, pollMs, onError } = settings
  let stop: (() => void) | null = null
  let interrupt = () => {}

  async function run(session: Session) {
    while (!session.signal.aborted) {
      const haveRead = await readAlone(session)
      if (session.signal.aborted) return
      const turn = anySignal(session.signal)
      interrupt = turn.abort
      const pauseMs = await readTogether(session, haveRead, turn.signal)
      if (!turn.signal.aborted) await pause(clock, pauseMs, turn.signal)
      interrupt = () => {}
      turn.release()
    }
  }
  /** Also reads for feeds that are added meanwhile. Returns false if one could not read and will try again. */
  async function readAlone({ signal, known }: Session): Promise<boolean> {
    const failed = new Set<Feed>()
    for (;;) {
      const feed = feedsInNeed().find((each) => !known.has(each) && !failed.has(each))
      if (feed === undefined || signal.aborted) return failed.size === 0
      const into = (await feed.poll(signal)) ? known : failed
      into.add(feed)
    }
  }
  /**
   * One request for all feeds that have read alone, which is held if no feed has to try again. Returns how long to pause
   * after it, in milliseconds.
   */
  async function readTogether(
    { known, backoff }: Session,
    haveRead: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const read = joinReads(feedsInNeed().filter((feed) => known.has(feed)))
    if (read === null) return haveRead ? pollMs : backoff.next()
    const began = clock.elapsed()
    try {
      const page = await fetchPage(read.interest, read.since, signal, haveRead ? LONG_POLL_LIMIT : 0)
      if (signal.aborted) return 0
      for (const feed of handOut(read, page)) known.delete(feed)
      if (!haveRead) return backoff.next()
      backoff.reset()
      if (page.events.length >= PAGE_LIMIT) return 0
      const tookMs = clock.elapsed() - began
      return page.events.length === 0 && tookMs < HELD_MS ? pollMs : Math.max(0, EVERY_MS - tookMs)
    } catch (cause) {
      return signal.aborted ? 0 : pauseAfter(cause, read, { known, backoff })
    }
  }
  function pauseAfter(
    cause: unknown,
    { members }: JointRead<Feed>,
    { known, backoff }: Pick<Session, 'known' | 'backoff'>,
  ): number {
    if (cause instanceof PageError && cause.permanent) {
      // Of one of them, or of `wait`, which an older server does not know. Each of them learns the truth alone.
      for (const { reader } of members) known.delete(reader)
      return pollMs
    }
    onError(toClientError(cause, 'internal'))
    return backoff.next()
  }
  return {
    isRunning: () => stop !== null,
    start: () => {
      if (stop) return
      const session = new AbortController()
      stop = () => session.abort()
      void run({ signal: session.signal, known: new Set(), backoff: createBackoff({ random }) })
    },
    kick: () => interrupt(),
    stop: () => {
      stop?.()
      stop = null
    },
  }
}
