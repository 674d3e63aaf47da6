import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock, type TidewireState } from '#shared/client/connect.ts'
import { createCalmState } from './calm-state.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function open() {
  let changed: (state: TidewireState) => void = () => {}
  const source = {
    state: 'connecting' as TidewireState,
    onState: (listener: typeof changed) => {
      changed = listener
      return () => {}
    },
  }
  const calm = createCalmState(source, systemClock)
  const shown: TidewireState[] = [calm.state()]
  calm.subscribe(() => shown.push(calm.state()))
  const become = (state: TidewireState) => {
    source.state = state
    changed(state)
  }
  return { calm, shown, become }
}

test('a page that opens is not live before a first view is caught up', () => {
  const { calm, shown, become } = open()
  for (const state of ['live', 'connecting', 'recovering', 'live'] as const) become(state)
  expect(shown).toEqual(['connecting', 'recovering', 'connecting', 'recovering'])
  calm.settle()
  expect(shown.at(-1)).toBe('live')
})

test('a short recovery for a widget that opens later is not shown, a lost connection is', () => {
  const { calm, shown, become } = open()
  calm.settle()
  become('live')
  for (const state of ['connecting', 'recovering', 'live'] as const) {
    become(state)
    vi.advanceTimersByTime(100)
  }
  vi.advanceTimersByTime(1000)
  expect(shown).toEqual(['connecting', 'live'])

  become('connecting')
  vi.advanceTimersByTime(250)
  become('recovering')
  become('live')
  expect(shown).toEqual(['connecting', 'live', 'connecting', 'recovering', 'live'])
})

test('polling and closing are shown at once', () => {
  const { calm, shown, become } = open()
  calm.settle()
  for (const state of ['live', 'connecting', 'polling', 'live', 'closed'] as const) become(state)
  expect(shown).toEqual(['connecting', 'live', 'polling', 'live', 'closed'])
})
