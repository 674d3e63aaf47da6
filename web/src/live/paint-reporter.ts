import type { ReceivedEvent } from '#shared/client/connect.ts'
import { PAINT_LIMITS } from '#shared/core/limits.ts'

/** When this page had an event, began to show it, and had it on the screen, in epoch milliseconds. */
type Paint = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly received: number
  readonly shown: number
  readonly painted: number
}
export type PaintReport = { readonly sent: number; readonly paints: readonly Paint[] }

type Options = {
  /** Sends a report. Rejects if it may not be sent again. */
  readonly send: (report: PaintReport) => Promise<unknown>
  /** Whether anybody sees the page. */
  readonly isVisible: () => boolean
  /** In epoch milliseconds. */
  readonly now: () => number
  readonly wait: (run: () => void, ms: number) => void
}

/** The first report is sent soon, so that everyone who looks for a trace finds it; then a page is one of many. */
const FIRST_MS = 500
const INTERVAL_MS = 10_000
/** The last character of a `traceparent` that is sampled: https://www.w3.org/TR/trace-context/#trace-flags */
const SAMPLED = /[13579bdf]$/

/**
 * Measures the sampled events of a page on their way to the screen, and reports them. Others cost a look at their flag.
 * `received` is called with each event, `shown` when what came before was put on the page, and `painted` a task after the
 * frame.
 */
export function createPaintReporter({ send, isVisible, now, wait }: Options) {
  let waiting: Omit<Paint, 'shown' | 'painted'>[] = []
  let onPage: Omit<Paint, 'painted'>[] = []
  let painted: Paint[] = []
  let isPlanned = false
  let isStopped = false
  let delay = FIRST_MS

  function report(): void {
    isPlanned = false
    const paints = painted.slice(0, PAINT_LIMITS.atOnce)
    painted = []
    send({ sent: now(), paints }).catch(() => {
      isStopped = true
    })
  }
  return {
    received({ event, topic, partition, offset }: ReceivedEvent): void {
      if (isStopped || !SAMPLED.test(event.traceparent ?? '') || !isVisible()) return
      if (waiting.length < PAINT_LIMITS.atOnce) waiting.push({ topic, partition, offset, received: now() })
    },
    shown(): void {
      const at = now()
      onPage = waiting.map((paint) => ({ ...paint, shown: Math.max(at, paint.received) }))
      waiting = []
    },
    painted(): void {
      if (onPage.length === 0) return
      const at = now()
      painted.push(...onPage.map((paint) => ({ ...paint, painted: Math.max(at, paint.shown) })))
      onPage = []
      if (isPlanned) return
      isPlanned = true
      wait(report, delay)
      delay = INTERVAL_MS
    },
  }
}

export type PaintReporter = ReturnType<typeof createPaintReporter>
