import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Tidewire, ViewMoment } from '#shared/client/connect.ts'
import { defineView } from '#shared/domain/define-domain.ts'
import { createViewRegistry } from './view-registry.ts'

const total = defineView<number>({
  description: 'how many',
  lateEvents: 'counted',
  channels: ['a'],
  initial: () => 0,
  apply: (count) => count + 1,
})
const example = { name: 'example', views: { total } } as const

type Followed = { key: string | undefined; set: (count: number) => void; readonly close: () => void }

function createRegistry() {
  const frames: (() => void)[] = []
  const followed: Followed[] = []
  const view = (_: unknown, __: unknown, options: { key?: string; onChange?: () => void }) => {
    let moment: ViewMoment<number> = { states: new Map(), status: 'loading', updatedAt: null }
    const set = (count: number) => {
      moment = { states: new Map([['', count]]), status: 'live', updatedAt: count }
      options.onChange?.()
    }
    const one = { key: options.key, set, close: vi.fn(), current: () => moment }
    followed.push(one)
    return one
  }
  const schedule = (run: () => void) => {
    frames.push(run)
    return () => frames.splice(frames.indexOf(run), 1)
  }
  const onLoaded = vi.fn()
  const pacer = { note: () => {}, schedule }
  const registry = createViewRegistry({ view: view as unknown as Tidewire['view'] }, () => pacer, onLoaded)
  const frame = () => {
    for (const run of frames.splice(0)) run()
  }
  return { registry, frames, followed, frame, onLoaded }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('components that ask for the same view share one, and many changes make one flush per frame', () => {
  const { registry, followed, frames, frame, onLoaded } = createRegistry()
  const [left, right] = [registry.open(example, 'total'), registry.open(example, 'total')]
  const listener = vi.fn()
  left.subscribe(listener)
  right.subscribe(() => listener())
  registry.open(example, 'total', 'k').subscribe(() => {})
  expect(followed.map(({ key }) => key)).toEqual([undefined, 'k'])

  const before = left.snapshot()
  for (let count = 1; count <= 100; count++) followed[0]?.set(count)
  expect(frames).toHaveLength(1)
  expect(left.snapshot()).toBe(before)
  expect(onLoaded).not.toHaveBeenCalled()
  frame()

  expect(listener).toHaveBeenCalledTimes(2)
  expect(onLoaded).toHaveBeenCalledOnce()
  expect(right.snapshot()).toBe(left.snapshot())
  expect(left.snapshot().states.get('')).toBe(100)
})

test('an unused view is closed after a while, and followed again when it is opened again', () => {
  const { registry, followed, frame } = createRegistry()
  const leave = registry.open(example, 'total').subscribe(() => {})
  followed[0]?.set(1)
  frame()
  leave()
  const back = registry.open(example, 'total').subscribe(() => {})
  vi.advanceTimersByTime(60_000)
  expect(followed).toHaveLength(1)
  expect(registry.open(example, 'total').snapshot().states.get('')).toBe(1)

  back()
  followed[0]?.set(2)
  vi.advanceTimersByTime(60_000)
  frame()

  expect(followed[0]?.close).toHaveBeenCalledOnce()
  const again = registry.open(example, 'total')
  expect(again.snapshot()).toMatchObject({ status: 'loading', updatedAt: null })
  again.subscribe(() => {})
  expect(followed).toHaveLength(2)
})
