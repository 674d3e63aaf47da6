import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPacer } from './pacer.ts'

const FRAME_MS = 16
const nextFrame = (run: () => void) => {
  const timer = setTimeout(run, FRAME_MS)
  return () => clearTimeout(timer)
}

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

/** Changes at a steady rate, drawn as views and feeds do: one run under way at a time. Returns when they were drawn. */
function drawAt(perSecond: number, seconds: number): number[] {
  const begin = Date.now()
  const pacer = createPacer(nextFrame, Date.now)
  const drawn: number[] = []
  let isScheduled = false
  for (let n = 0; n < perSecond * seconds; n++) {
    pacer.note()
    if (!isScheduled)
      pacer.schedule(() => {
        isScheduled = false
        drawn.push(Date.now() - begin)
      })
    isScheduled = true
    vi.advanceTimersByTime(1000 / perSecond)
  }
  vi.runAllTimers()
  return drawn
}

test('draws each of a few changes with the next frame', () => {
  expect(drawAt(2, 3)).toEqual([0, 500, 1000, 1500, 2000, 2500].map((at) => at + FRAME_MS))
})

test('draws a stream that nobody could follow two or three times a second, including its end', () => {
  const drawn = drawAt(1000, 10)
  expect(drawn.length).toBeGreaterThan(24)
  expect(drawn.filter((at) => at > 1000).length).toBeLessThan(25)
  expect(drawn.at(-1)).toBeGreaterThanOrEqual(9999)
})

test('draws with the next frame again a second after the stream has ended', () => {
  const pacer = createPacer(nextFrame, Date.now)
  for (let n = 0; n < 500; n++) pacer.note()
  vi.advanceTimersByTime(1500)
  pacer.note()
  const run = vi.fn()
  pacer.schedule(() => {})
  vi.advanceTimersByTime(FRAME_MS)
  for (let n = 0; n < 3; n++) pacer.note()
  vi.advanceTimersByTime(1000)
  pacer.note()
  pacer.schedule(run)
  vi.advanceTimersByTime(FRAME_MS)
  expect(run).toHaveBeenCalledOnce()
})

test('a cancelled callback does not run, whether it waits for the beat or for the frame', () => {
  const pacer = createPacer(nextFrame, Date.now)
  const run = vi.fn()
  pacer.schedule(run)()
  for (let n = 0; n < 500; n++) pacer.note()
  pacer.schedule(run)()
  const cancel = pacer.schedule(run)
  vi.advanceTimersByTime(400)
  cancel()
  vi.runAllTimers()
  expect(run).not.toHaveBeenCalled()
})

test('pacers of a page draw in the same frame', () => {
  const drawn: number[] = []
  for (const startMs of [0, 130]) {
    vi.advanceTimersByTime(startMs)
    const pacer = createPacer(nextFrame, Date.now)
    for (let n = 0; n < 500; n++) pacer.note()
    pacer.schedule(() => drawn.push(Date.now()))
  }
  vi.runAllTimers()
  expect(drawn).toEqual([400 + FRAME_MS, 400 + FRAME_MS])
})
