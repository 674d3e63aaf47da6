import type { CDPSession, Page } from 'playwright-core'
import { quantile, type Row, round } from '../measure/measure.ts'

type Vitals = { lcp: number; cls: number; interactions: Record<string, number>; slowest: string }

/** Collects the web vitals of a page from its beginning; evaluated in the page. */
const OBSERVE = `
  const vitals = (globalThis.vitals = { lcp: 0, cls: 0, interactions: {}, slowest: '' })
  const observe = (type, take, options) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...options })
  observe('largest-contentful-paint', (entry) => { vitals.lcp = entry.startTime })
  observe('layout-shift', (entry) => { if (!entry.hadRecentInput) vitals.cls += entry.value })
  observe('event', ({ interactionId, duration, name, target }) => {
    if (!interactionId) return
    if (duration > Math.max(0, ...Object.values(vitals.interactions)))
      vitals.slowest = name + ' on ' + (target?.getAttribute?.('aria-label') ?? target?.className ?? '')
    vitals.interactions[interactionId] = Math.max(vitals.interactions[interactionId] ?? 0, duration)
  }, { durationThreshold: 16 })`

/** Has every document of the page observe its vitals. */
export async function observeVitals(page: Page): Promise<void> {
  await page.addInitScript(OBSERVE)
}

/** Returns what was observed so far. The browser does not report interactions of less than 16 ms. */
export async function readVitals(page: Page): Promise<Vitals> {
  return (await page.evaluate('globalThis.vitals')) as Vitals
}

/** Collects the times between frames until the returned function is called, which returns them. */
export async function recordFrames(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(`
    globalThis.frames_ = []
    const step = (before) => (now) => {
      if (!globalThis.frames_) return
      if (before) globalThis.frames_.push(now - before)
      requestAnimationFrame(step(now))
    }
    requestAnimationFrame(step(0))`)
  return async () =>
    (await page.evaluate(
      '(() => { const all = globalThis.frames_; globalThis.frames_ = null; return all })()',
    )) as number[]
}

/** Returns frame times as cells of a row. */
export function describeFrames(frames: readonly number[]): Row {
  const seconds = frames.reduce((sum, frame) => sum + frame, 0) / 1000
  return {
    'frames per second': round(frames.length / seconds),
    'p50 frame ms': round(quantile(frames, 0.5)),
    'p95 frame ms': round(quantile(frames, 0.95)),
    'p99 frame ms': round(quantile(frames, 0.99)),
    'longest frame ms': round(Math.max(...frames)),
  }
}

/** Collects garbage, and returns the bytes that are left. */
export async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  return (await session.send('Runtime.getHeapUsage')).usedSize
}

/** Returns how many nodes and listeners the page has, in its document and beside it. Call it after `heapOf`. */
export async function domOf(session: CDPSession): Promise<{ nodes: number; listeners: number }> {
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters')
  return { nodes, listeners: jsEventListeners }
}

/** Returns the milliseconds of processor time of the main thread so far, in all and for scripts. */
export async function busyMs(session: CDPSession): Promise<{ task: number; script: number }> {
  const { metrics } = await session.send('Performance.getMetrics')
  const of = (wanted: string) => 1000 * (metrics.find(({ name }) => name === wanted)?.value ?? 0)
  return { task: of('TaskDuration'), script: of('ScriptDuration') }
}
