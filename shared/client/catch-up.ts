import { createBackoff } from './backoff.ts'
import type { Clock } from './clock.ts'
import { PageError } from './fetch-json.ts'
import { type FetchPage, PAGE_LIMIT } from './http-pages.ts'
import { receivePage } from './receive.ts'
import { isOver, resumeFrom, type SubscriptionState } from './subscription-state.ts'

/** On a busy log the position moves with every page. After so many pages that were not full, a socket can go on. */
const SHORT_PAGES = 3

export type CatchUpSettings = {
  readonly fetchPage: FetchPage
  readonly clock: Clock
  readonly random: () => number
  /** Told of every failure that is tried again. */
  readonly failed: (error: PageError) => void
}

/**
 * Reads pages from a subscription's own position until there is nothing new. Failures are tried again with backoff;
 * throws PageError on a permanent refusal. Returns false if it was aborted or the subscription ended.
 */
export async function catchUp(
  state: SubscriptionState,
  settings: CatchUpSettings,
  signal: AbortSignal,
): Promise<boolean> {
  const backoff = createBackoff({ random: settings.random })
  let short = 0
  while (!signal.aborted && !isOver(state)) {
    try {
      const since = resumeFrom(state)
      const page = await settings.fetchPage(state.interest, since, signal)
      if (signal.aborted) return false
      backoff.reset()
      const moved = receivePage(state, page, since)
      short = page.events.length < PAGE_LIMIT ? short + 1 : 0
      if (short >= SHORT_PAGES || (!moved && page.events.length === 0)) return !isOver(state)
    } catch (error) {
      if (!(error instanceof PageError) || error.permanent) throw error
      if (!signal.aborted) settings.failed(error)
      await pause(settings.clock, backoff.next(), signal)
    }
  }
  return false
}

/** Reads pages while they are full: one round of polling. Throws PageError. */
export async function pollOnce(
  state: SubscriptionState,
  fetchPage: FetchPage,
  signal: AbortSignal,
): Promise<void> {
  let full = true
  while (full && !signal.aborted && !isOver(state)) {
    const since = resumeFrom(state)
    const page = await fetchPage(state.interest, since, signal)
    if (signal.aborted) return
    full = receivePage(state, page, since) && page.events.length >= PAGE_LIMIT
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    signal.addEventListener('abort', () => {
      cancel()
      resolve()
    })
  })
}
