import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Progress, showProgress } from './show-progress.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function show(tty: boolean, progress: Progress): string {
  const stderr = Object.assign(new PassThrough(), { isTTY: tty, columns: 100 })
  const view = showProgress({ stderr, read: () => progress, everyMs: 20 })
  vi.advanceTimersByTime(150)
  view.note('a note')
  view.stop()
  return String(stderr.read())
}

it('writes plain lines where there is no terminal', () => {
  const text = show(false, { share: 0.25, done: 1500 })
  expect(text).toMatch(/^1,500 events published \(25 % of the input\), [\d,]+\/s\n/)
  expect(text).toContain('\na note\n')
  expect(text).not.toContain('\u001b')
})

it('writes plain lines on a terminal when the end is not known', () => {
  expect(show(true, { share: null, done: 1 })).toMatch(/^1 event published, [\d,]+\/s\n/)
})

it('draws a bar on a terminal', () => {
  const text = show(true, { share: 0.25, done: 1500 })
  expect(text).toContain('25 % | 1,500 published')
  expect(text).toContain('█')
  expect(text).toContain('a note\n')
})
