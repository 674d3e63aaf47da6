import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPresentedView, type ReadFailure } from './presented-view.ts'

class Failed extends Error {
  readonly failure: ReadFailure
  constructor(failure: ReadFailure) {
    super(failure)
    this.failure = failure
  }
}

function open(answers: (number | ReadFailure)[]) {
  let isHidden = false
  const read = vi.fn(async () => {
    const answer = answers.shift() ?? 'later'
    if (typeof answer === 'number') return answer
    throw new Failed(answer)
  })
  const view = createPresentedView<number>({
    read,
    failureOf: (error) => (error as Failed).failure,
    isHidden: () => isHidden,
    now: Date.now,
  })
  const hide = (hidden: boolean) => {
    isHidden = hidden
  }
  return { read, view, hide }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('is read at once, and again at most once a second, however often it changes', async () => {
  const { read, view } = open([1, 2, 3])
  view.subscribe(() => {})
  await vi.advanceTimersByTimeAsync(0)
  expect(view.snapshot()).toMatchObject({ shown: 1, status: 'live' })

  for (let change = 0; change < 20; change++) {
    view.readAgain()
    await vi.advanceTimersByTimeAsync(50)
  }
  expect(read).toHaveBeenCalledTimes(2)
  expect(view.snapshot().shown).toBe(2)
})

test('is read once more after a change, now and then without one, and never without listeners', async () => {
  const { read, view } = open([1, 2, 3])
  const stop = view.subscribe(() => {})
  await vi.advanceTimersByTimeAsync(2000)
  expect(read).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(14_000)
  expect(read).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1000)
  expect(read).toHaveBeenCalledTimes(3)

  stop()
  view.readAgain()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(read).toHaveBeenCalledTimes(3)
})

test('waits while the page is hidden', async () => {
  const { read, view, hide } = open([1])
  hide(true)
  view.subscribe(() => {})
  await vi.advanceTimersByTimeAsync(60_000)
  expect(read).not.toHaveBeenCalled()

  hide(false)
  view.readAgain()
  await vi.advanceTimersByTimeAsync(0)
  expect(view.snapshot().shown).toBe(1)
})

test('shows that there is nothing yet, keeps what it has when a reading fails, and accepts a refusal', async () => {
  const { read, view } = open(['later', 'absent', 1, 'later', 'refused'])
  view.subscribe(() => {})
  const statuses: unknown[] = []
  for (let reading = 0; reading < 6; reading++) {
    await vi.advanceTimersByTimeAsync(1000)
    const { shown, status } = view.snapshot()
    statuses.push([status, shown])
    view.readAgain()
  }

  expect(statuses).toEqual([
    ['loading', null],
    ['live', null],
    ['live', 1],
    ['stale', 1],
    ['refused', null],
    ['refused', null],
  ])
  expect(read).toHaveBeenCalledTimes(5)
})
