import { expect, it } from 'vitest'
import { watchSleep } from './watch-sleep.ts'

/** A watch whose looks are made by hand, after the clocks have moved. */
function watched() {
  const lines: string[] = []
  let time = 1_800_000_000_000
  let elapsed = 0
  let look: (() => void) | null = null
  const { stop } = watchSleep((line) => lines.push(line), {
    now: () => time,
    elapsed: () => elapsed,
    every(_, next) {
      look = next
      return () => {
        look = null
      }
    },
  })
  const pass = (elapsedMs: number, setByMs = 0) => {
    elapsed += elapsedMs
    time += elapsedMs + setByMs
    look?.()
  }
  return { lines, pass, stop }
}

it('says how long the machine slept, where the steady clock goes on during a sleep', () => {
  const { lines, pass } = watched()
  pass(2000)
  pass(602_000)
  pass(2000)

  expect(lines).toEqual(['the machine slept, or this process was stopped, for 600 s; all goes on by itself'])
})

it('says how far the clock is, where the steady clock stands still during a sleep, or the clock was set', () => {
  const { lines, pass } = watched()
  pass(2000, 600_000)
  pass(2000)
  pass(2000, -3_600_000)

  expect(lines).toEqual([
    'the clock is 600 s further: it was set, or the machine slept; all goes on by itself',
    'the clock was set back by 3600 s; all goes on by itself',
  ])
})

it('says nothing of a busy machine, of a clock that is corrected, and after it is stopped', async () => {
  const { lines, pass, stop } = watched()
  pass(6500, 900)
  pass(2100, -900)
  await stop()
  pass(600_000)

  expect(lines).toEqual([])
})
