import { expect, it } from 'vitest'
import { createSeat } from './seats.ts'

const at = (offset: number, partition = 0) => ({ topic: 'events', partition, offset })
const all = () => true

it('misses what did not come, of what was due', () => {
  const seat = createSeat()
  seat.note(0, at(0))
  seat.note(3, at(1))

  expect(seat.missing(5, all)).toBe(3)
  expect(seat.missing(5, (index) => index !== 4)).toBe(2)
})

it('counts a second copy as a repeat and not as new', () => {
  const seat = createSeat()
  expect(seat.note(0, at(0))).toBe(true)
  expect(seat.note(0, at(0))).toBe(false)
  expect(seat.repeated()).toBe(1)
  expect(seat.outOfOrder()).toBe(0)
})

it('counts what is below the last one of its partition as out of order', () => {
  const seat = createSeat()
  seat.note(0, at(5))
  seat.note(1, at(3))
  seat.note(2, at(1, 1))
  expect(seat.outOfOrder()).toBe(1)
})

it('grows with the events', () => {
  const seat = createSeat()
  seat.note(100_000, at(0))
  seat.note(3, at(1))
  expect(seat.missing(100_001, all)).toBe(99_999)
})
