import { expect, test } from 'vitest'
import { seededRandom } from '#shared/core/random.ts'
import { createFakeClock } from '#shared/testing/client/fake-clock.ts'
import { createRedial } from './redial.ts'

const CLIENTS = 200

/** Clients that all lose their server now, each of which tries until the test ends. Returns the times of the tries. */
function loseAll(onDial: (relent: () => void) => void = () => {}) {
  const clock = createFakeClock()
  const random = seededRandom(7)
  const dials: number[] = []
  for (let client = 0; client < CLIENTS; client++) {
    const redial = createRedial({ clock, random }, () => {
      dials.push(clock.elapsed())
      redial.begun()
      onDial(redial.relent)
      redial.plan()
    })
    redial.plan()
  }
  const during = (from: number, to: number) => dials.filter((at) => at >= from && at < to).length
  return { clock, during }
}

test('clients that lose their server together come back spread out, and each of them soon', async () => {
  const { clock, during } = loseAll()
  await clock.advance(20_000)
  const tenths = Array.from({ length: 190 }, (_, n) => during(1000 + n * 100, 1100 + n * 100))
  expect(Math.max(...tenths)).toBeLessThan(CLIENTS / 8)
  // Pauses of 2 s on average: in any 4 s each client tries about twice.
  for (let from = 4000; from < 16_000; from += 4000)
    expect(during(from, from + 4000)).toBeLessThan(2.3 * CLIENTS)
})

test('after a minute the tries become few', async () => {
  const { clock, during } = loseAll()
  await clock.advance(180_000)
  expect(during(120_000, 180_000) / 60).toBeLessThan(CLIENTS / 10)
})

test('a server that has too many requests gets fewer at once', async () => {
  const { clock, during } = loseAll((relent) => relent())
  await clock.advance(60_000)
  expect(during(30_000, 60_000) / 30).toBeLessThan(CLIENTS / 6)
})
