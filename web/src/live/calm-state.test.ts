import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TidewireState } from '#shared/client/client-state.ts'
import { systemClock } from '#shared/client/clock.ts'
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
  const told: TidewireState[] = [calm.state()]
  calm.subscribe(() => told.push(calm.state()))
  const become = (state: TidewireState) => {
    source.state = state
    changed(state)
  }
  return { calm, told, become }
}

test('a page that opens is not live before something is caught up', () => {
  const { calm, told, become } = open()
  for (const state of ['live', 'connecting', 'recovering', 'live'] as const) become(state)
  expect(told).toEqual(['connecting', 'recovering', 'connecting', 'recovering'])
  calm.settle()
  expect(told.at(-1)).toBe('live')
})

test('the asking of a widget that opens later is not told, a connection that stays away is', () => {
  const { calm, told, become } = open()
  calm.settle()
  become('live')
  for (const state of ['connecting', 'recovering', 'live'] as const) {
    become(state)
    vi.advanceTimersByTime(100)
  }
  vi.advanceTimersByTime(1000)
  expect(told).toEqual(['connecting', 'live'])

  become('connecting')
  vi.advanceTimersByTime(250)
  become('recovering')
  become('live')
  expect(told).toEqual(['connecting', 'live', 'connecting', 'recovering', 'live'])
})

test('polling and the end are told at once', () => {
  const { calm, told, become } = open()
  calm.settle()
  for (const state of ['live', 'connecting', 'polling', 'live', 'closed'] as const) become(state)
  expect(told).toEqual(['connecting', 'live', 'polling', 'live', 'closed'])
})
